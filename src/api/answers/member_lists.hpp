#pragma once

#include <span>
#include <string_view>

/// What `fields=` may name of answers whose items have members beyond those of the table of rows. Each list is defined
/// by the view that writes the members; declared here, queries need not know the views.
namespace scanner::api {

/// Of an opportunity (rankings/opportunities_view).
[[nodiscard]] std::span<const std::string_view> opportunity_members() noexcept;
/// Of a frame's item, beside the fields of items (streams/stream_frame).
[[nodiscard]] std::span<const std::string_view> frame_members() noexcept;

}  // namespace scanner::api
