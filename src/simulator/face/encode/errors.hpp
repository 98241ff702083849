#pragma once

#include "simulator/face/faults/limits.hpp"

#include "scanner/core/clock.hpp"

#include <string>
#include <string_view>

/// The bodies of everything that is not an answer.
namespace scanner::simulator::face {

/// {"ts":…,"status":"error","err-code":"invalid-parameter","err-msg":"invalid size"}
[[nodiscard]] std::string market_error(core::WallTime now, std::string_view message);
/// {"status":"error","err_code":1014,"err_msg":"This contract doesnt exist.","ts":…}
[[nodiscard]] std::string api_error(core::WallTime now, int code, std::string_view message);
/// {"code":1066,"message":"The contract_code field cannot be empty. Please re-enter.","ts":…}
[[nodiscard]] std::string v5_error(core::WallTime now, int code, std::string_view message);
/// Spring's: {"timestamp":"2026-…","status":404,"error":"Not Found","path":"/…"}; `status` is a number.
[[nodiscard]] std::string spring_error(core::WallTime now, int status, std::string_view path);
/// "request limit" or 1032, as the class of the path has it.
[[nodiscard]] std::string over_limit_error(core::WallTime now, LimitClass limit_class);
/// {"status":"maintain"}
[[nodiscard]] std::string maintain_body();
/// What a gateway or the CDN says: an HTML page for 429 or 5xx.
[[nodiscard]] std::string html_page(int status);

/// The exchange's own sentences.
inline constexpr std::string_view kBadContract = "contract_code data error or empty";
inline constexpr std::string_view kInvalidSymbol = "invalid symbol";
inline constexpr std::string_view kNoSuchContract = "This contract doesnt exist.";
inline constexpr int kNoSuchContractCode = 1014;
inline constexpr int kFieldEmpty = 1066;
inline constexpr int kFieldInvalid = 1067;
/// "The contract_code field cannot be empty. Please re-enter."
[[nodiscard]] std::string field_empty(std::string_view field);
/// "The contract_code field is invalid. Please re-enter."
[[nodiscard]] std::string field_invalid(std::string_view field);

}  // namespace scanner::simulator::face
