#pragma once

#include "scanner/core/error.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace scanner::net {

/// Undoes gzip a member at a time, with one state and one buffer for all of them: no allocation once the buffer holds
/// the longest. Input may be hostile. One thread.
class GzipInflater {
public:
    /// So many bytes behind what `inflate` returns may be read (they mean nothing): vectorised parsers do.
    static constexpr std::size_t kPadding = 64;

    /// What inflates to more than `max_bytes` is refused before that much was written.
    explicit GzipInflater(std::size_t max_bytes = 4U << 20U);
    ~GzipInflater();
    GzipInflater(const GzipInflater&) = delete;
    GzipInflater& operator=(const GzipInflater&) = delete;

    /// The content of exactly one gzip member, valid until the next call. malformed: not gzip, cut short, damaged,
    /// followed by anything, or too long.
    [[nodiscard]] core::Result<std::string_view> inflate(std::string_view member);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::net
