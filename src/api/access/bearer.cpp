#include "api/access/bearer.hpp"

#include "scanner/core/text.hpp"

#include <cstddef>

namespace scanner::api {

bool constant_time_equal(std::string_view given, std::string_view secret) noexcept {
    // volatile keeps the compiler from leaving the loop early once the outcome is settled.
    volatile unsigned char difference = given.size() == secret.size() ? 0 : 1;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
        const auto bits = static_cast<unsigned char>(given[i] ^ expected);
        difference = static_cast<unsigned char>(difference | bits);
    }
    return difference == 0;
}

std::optional<Problem> refuse_without_token(std::string_view authorization, std::string_view token) {
    if (token.empty()) return std::nullopt;
    constexpr std::string_view kScheme = "bearer ";
    const bool is_bearer = authorization.size() > kScheme.size() &&
                           core::equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme);
    if (!is_bearer) {
        return Problem{.status = 401,
                       .type = "token-required",
                       .title = "Token required",
                       .detail =
                           "This changes something: send 'Authorization: Bearer …' with the value of "
                           "SCANNER_API_TOKEN.",
                       .bearer_challenge = true};
    }
    std::string_view given = authorization.substr(kScheme.size());
    while (given.starts_with(' ')) given.remove_prefix(1);
    while (given.ends_with(' ')) given.remove_suffix(1);
    if (constant_time_equal(given, token)) return std::nullopt;
    return Problem{.status = 403,
                   .type = "token-wrong",
                   .title = "Token wrong",
                   .detail = "The bearer token is not the value of SCANNER_API_TOKEN."};
}

}  // namespace scanner::api
