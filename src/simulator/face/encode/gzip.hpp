#pragma once

#include <string>
#include <string_view>

namespace scanner::simulator::face {

/// One gzip member at zlib's fastest level.
[[nodiscard]] std::string gzip(std::string_view text);

/// Whether an Accept-Encoding header allows gzip ("gzip, deflate", "*"; not "gzip;q=0").
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace scanner::simulator::face
