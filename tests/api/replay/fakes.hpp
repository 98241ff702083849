#pragma once

#include "scanner/api/recordings.hpp"
#include "scanner/api/replay_control.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::api::test {

/// A replay that does at once what it is told.
class FakeReplay final : public ReplayControl {
public:
    template <class T>
    using Answer = boost::asio::awaitable<core::Result<T>>;

    ReplayState state() const override { return now; }
    Answer<void> seek(core::WallTime at) override {
        if (broken) co_return core::fail(core::ErrorCode::io, "gone");
        now.at = at;
        ++jumped;
        co_return core::Result<void>();
    }
    void set_speed(std::optional<double> speed) override { now.speed = speed; }
    void play() override { now.playing = true; }
    void pause() override { now.playing = false; }
    Answer<void> step() override {
        now.playing = false;
        ++now.sequence;
        co_return core::Result<void>();
    }
    std::uint64_t jumps() const override { return jumped; }

    ReplayState now;
    std::uint64_t jumped = 0;
    bool broken = false;
};

class FakeCut final : public RecordingCut {
public:
    explicit FakeCut(std::string bytes) : left_(std::move(bytes)), size_(left_.size()) {}
    std::uint64_t bytes() const override { return size_; }
    std::string name() const override { return "20261130T193310.123Z-000001.amsrec"; }
    boost::asio::awaitable<core::Result<std::string>> read(std::size_t max_bytes) override {
        max_read = std::max(max_read, std::min(max_bytes, left_.size()));
        std::string piece = left_.substr(0, max_bytes);
        left_.erase(0, max_bytes);
        co_return piece;
    }
    std::size_t max_read = 0;

private:
    std::string left_;
    std::size_t size_;
};

class FakeRecordings final : public Recordings {
public:
    template <class T>
    using Answer = boost::asio::awaitable<core::Result<T>>;

    Answer<std::vector<RecordingInfo>> list() override { co_return kept; }
    Answer<RecordingInfo> begin(std::optional<std::chrono::seconds> length) override {
        asked_for = length;
        for (const RecordingInfo& each : kept) {
            if (each.running) co_return core::fail(core::ErrorCode::conflict, "one is running");
        }
        RecordingInfo& made = kept.emplace_back();
        made.id = "20261130T193310.123Z";
        made.running = true;
        made.state = "recording";
        co_return made;
    }
    Answer<RecordingInfo> end() override {
        for (RecordingInfo& each : kept) {
            if (!std::exchange(each.running, false)) continue;
            each.state.clear();
            co_return each;
        }
        co_return core::fail(core::ErrorCode::not_found, "none is running");
    }
    Answer<std::shared_ptr<RecordingCut>> cut(std::string id, RecordingRange wanted) override {
        asked_id = std::move(id);
        range = std::move(wanted);
        if (cut_error) co_return std::unexpected(*cut_error);
        co_return std::make_shared<FakeCut>(content);
    }

    std::vector<RecordingInfo> kept;
    std::optional<std::chrono::seconds> asked_for;
    std::string asked_id;
    RecordingRange range;
    std::string content;
    std::optional<core::Error> cut_error;
};

}  // namespace scanner::api::test
