#pragma once

#include "scanner/net/header.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What happened, so that it can happen again: records, and the files that hold them (docs/recording.md).
namespace scanner::recording {

/// When something came, by both clocks. Nanoseconds.
struct Stamp {
    std::int64_t wall_ns = 0;    ///< since the Unix epoch, UTC
    std::int64_t steady_ns = 0;  ///< of a clock that never goes back; its zero means nothing

    friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// An answer to a request, or that there was none.
struct RestAnswer {
    std::string url;  ///< without user and password
    int status = 0;   ///< of HTTP; 0: no answer came, and `error` says why
    std::vector<net::Header> headers;
    std::string body;  ///< decompressed
    std::string error;

    friend bool operator==(const RestAnswer& a, const RestAnswer& b);
};

/// A message of a WebSocket connection.
struct SocketFrame {
    std::uint32_t connection = 0;
    bool binary = false;
    bool compressed = false;  ///< `bytes` are as they came; else they are what a gzip member held
    std::string bytes;

    friend bool operator==(const SocketFrame&, const SocketFrame&) = default;
};

/// A connection that opened or ended.
struct ConnectionEvent {
    std::uint32_t connection = 0;
    bool open = false;
    std::string name;    ///< "market 1"
    std::string detail;  ///< why it ended

    friend bool operator==(const ConnectionEvent&, const ConnectionEvent&) = default;
};

/// A point at which the program did something of its own accord or took an answer over, in the order among all others.
struct Step {
    std::string name;      ///< "publish"
    std::string contract;  ///< the contract code it is about, or empty
    std::string detail;

    friend bool operator==(const Step&, const Step&) = default;
};

/// The settings in effect, a line NAME=value each. Secrets are masked before they come here.
struct SettingsInEffect {
    std::string text;

    friend bool operator==(const SettingsInEffect&, const SettingsInEffect&) = default;
};

/// What an operator changed.
struct OperatorChange {
    std::string kind;  ///< "settings"
    std::string text;

    friend bool operator==(const OperatorChange&, const OperatorChange&) = default;
};

/// What must be known to begin here, a piece of it. All pieces stand at the beginning of a segment.
struct Checkpoint {
    std::uint32_t version = 0;
    std::string name;
    std::string bytes;

    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// What a ranking came to when it was recorded, to compare a replay with. Nothing is computed from it.
struct CycleDigest {
    std::uint64_t sequence = 0;
    std::uint64_t hash = 0;

    friend bool operator==(const CycleDigest&, const CycleDigest&) = default;
};

using RecordBody = std::variant<RestAnswer, SocketFrame, ConnectionEvent, Step, SettingsInEffect, OperatorChange,
                                Checkpoint, CycleDigest>;

struct Record {
    Stamp at;
    RecordBody body;

    friend bool operator==(const Record&, const Record&) = default;
};

/// "rest", "websocket", "connection", "step", "settings", "change", "checkpoint", "digest".
[[nodiscard]] std::string_view kind_name(const RecordBody& body) noexcept;
/// Roughly what a record holds in memory.
[[nodiscard]] std::size_t memory_of(const Record& record) noexcept;

}  // namespace scanner::recording
