#pragma once

#include "scanner/recording/record.hpp"
#include "scanner/recording/segment.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace scanner::recording {

inline constexpr std::int64_t kWall = 1'795'325'040'000'000'000;  // 2026-11-22
inline constexpr std::int64_t kSteady = 86'400'000'000'000;

inline Stamp at(std::int64_t ms) {
    return {.wall_ns = kWall + (ms * 1'000'000), .steady_ns = kSteady + (ms * 1'000'000)};
}

/// One of each kind, with odd values.
inline std::vector<Record> one_of_each() {
    return {
        {at(0), SettingsInEffect{"SCANNER_API_TOKEN=***\nSCANNER_FEED=auto\n"}},
        {at(0), Checkpoint{.version = 1, .name = "/book?contract_code=BTC-USDT", .bytes = std::string("\0\x80x", 3)}},
        {at(1), RestAnswer{.url = "https://host/tickers",
                           .status = 200,
                           .headers = {{"date", "now"}, {"content-type", "application/json"}},
                           .body = R"({"status":"ok"})",
                           .error = ""}},
        {at(2), RestAnswer{.url = "https://host/book", .status = 0, .headers = {}, .body = "", .error = "timeout"}},
        {at(2), ConnectionEvent{.connection = 3, .open = true, .name = "market 4", .detail = ""}},
        {at(3), SocketFrame{.connection = 3, .binary = true, .compressed = false, .bytes = R"({"ping":1})"}},
        {at(3), SocketFrame{.connection = 4'000'000'000U, .binary = false, .compressed = true, .bytes = "\x1f\x8b"}},
        {{.wall_ns = kWall - 5'000'000'000, .steady_ns = kSteady + 4}, Step{"publish", "BTC-USDT", "recorded"}},
        {at(5), OperatorChange{.kind = "settings", .text = "{}"}},
        {at(6), CycleDigest{.sequence = 17, .hash = 0xfedcba9876543210}},
    };
}

/// `count` frames of text as a feed sends it, compressible and all different.
inline std::vector<Record> a_feed(std::size_t count, std::size_t bytes = 400) {
    std::mt19937 random(20261130);
    std::vector<Record> records;
    for (std::size_t i = 0; i < count; ++i) {
        std::string text = "{\"ch\":\"market.BTC-USDT.depth\",\"n\":" + std::to_string(i) + ",\"asks\":[";
        while (text.size() < bytes) text += "[" + std::to_string(random() % 100'000) + ",1],";
        records.push_back(
            {at(static_cast<std::int64_t>(i)),
             SocketFrame{.connection = static_cast<std::uint32_t>(i % 3), .binary = true, .bytes = text}});
    }
    return records;
}

inline SegmentHeader header() {
    return {.recording_started_ns = kWall, .number = 1, .after_gap = true, .started = at(0)};
}

/// A finished segment; `per_frame` records a frame, 0: as they come.
inline std::string segment_of(const std::vector<Record>& records, std::size_t per_frame = 0) {
    SegmentEncoder encoder(header());
    std::string bytes;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (!encoder.add(records[i])) return {};
        bytes += encoder.take(per_frame != 0 && (i + 1) % per_frame == 0);
    }
    return bytes + encoder.finish();
}

struct Read {
    SegmentScan scan;
    std::vector<Record> records;
    std::vector<Damage> damage;
};

inline Read read_all(std::string_view bytes, std::int64_t from_wall_ns = INT64_MIN) {
    Read read{.scan = scan_segment(bytes), .records = {}, .damage = {}};
    SegmentReader reader(bytes, read.scan, from_wall_ns);
    while (auto record = reader.next()) read.records.push_back(std::move(*record));
    read.damage = reader.damage();
    return read;
}

}  // namespace scanner::recording
