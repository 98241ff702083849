#pragma once

#include "fuzz/check.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/core/url.hpp"

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::fuzz {

/// Names of contracts as clients write them, and the small readers of text that everything else is made of.
inline void symbol(std::string_view input) {
    if (const auto code = core::parse_symbol(input)) {
        require(!code->empty() && core::is_valid_utf8(*code), "a contract code is text");
        for (const char c : *code) {
            require(static_cast<unsigned char>(c) >= 0x20 && !(c >= 'a' && c <= 'z'), "a contract code is upper case");
        }
        require(core::parse_symbol(*code) == *code, "a contract code names itself");
        const std::string unified = core::unified_symbol(*code);
        // Codes that are no swaps (dated futures) have no unified symbol.
        if (unified != *code) require(core::parse_symbol(unified) == *code, "a unified symbol names its contract");
    }
    if (!core::contract_code_fault(input)) {
        require(core::parse_symbol(input) == std::string(input), "whatever is listed can be asked for");
    }
    if (!core::name_fault(input)) require(core::is_visible_text(input), "a name can be seen");
    const std::string shown = core::visible_text(input);
    require(core::is_visible_text(shown), "what is shown acts on nothing");
    require(core::is_visible_text(input) == (shown == input), "visible text is shown as it is");

    static const std::vector<std::string> kKnown{"BTC-USDT", "ETH-USDT", "1000PEPE-USDT", "雪球-USDT", "A"};
    require(core::nearest_names(input, kKnown, 3).size() <= 3, "at most as many names as asked for");

    const std::string encoded = core::percent_encode(input);
    require(core::percent_decode(encoded) == std::string(input), "percent-encoding is undone by decoding");
    require(encoded.find_first_of(" /?#&\"\r\n") == std::string::npos, "percent-encoded text is safe in a URL");
    static_cast<void>(core::percent_decode(input));

    if (const auto number = core::parse_double(input)) {
        require(std::isfinite(*number), "a number read is finite");
        require(core::parse_double(core::format_double(*number)) == *number, "a number printed is read back");
        require(std::isfinite(core::round_to(*number, 12)) && std::isfinite(core::round_to(*number, 0)),
                "a finite number rounded is finite");
    }
    if (const auto whole = core::parse_int(input)) {
        require(core::parse_int(std::to_string(*whole)) == *whole, "an integer printed is read back");
    }
}

}  // namespace scanner::fuzz
