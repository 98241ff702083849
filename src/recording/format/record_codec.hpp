#pragma once

#include "scanner/recording/record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::recording {

/// Appends the record: kind, length of the rest, times against `before`, body.
void encode_record(std::string& out, const Record& record, const Stamp& before);

/// Where the record that `bytes` begin with ends; nothing while its head is incomplete. SIZE_MAX: no record can look
/// like this.
[[nodiscard]] std::optional<std::size_t> record_length(std::string_view bytes);

/// One whole record, against the times of the one before. Nothing when it cannot be read.
[[nodiscard]] std::optional<Record> decode_record(std::string_view bytes, const Stamp& before);

}  // namespace scanner::recording
