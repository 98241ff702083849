#include "scanner/recording/tap.hpp"

#include "scanner/core/url.hpp"
#include "scanner/recording/answer_memory.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace scanner::recording {
namespace {

namespace asio = boost::asio;

class TapImpl final : public Tap {
public:
    TapImpl(asio::any_io_executor executor, const core::Clock& real, const std::string& settings)
        : executor_(std::move(executor)), real_(real), alive_(std::make_shared<bool>(true)) {
        memory_.note({{}, SettingsInEffect{settings}});
    }

    void record_to(Recorder* recorder) override {
        recorder_ = recorder;
        if (recorder_ == nullptr) held_.reset();
    }
    bool is_recording() const override { return recorder_ != nullptr; }

    core::WallTime now() const override { return held_ ? held_->wall : real_.now(); }
    core::SteadyTime steady_now() const override { return held_ ? held_->steady : real_.steady_now(); }

    void note(RecordBody body) override {
        if (recorder_ == nullptr) return memory_.note({{}, std::move(body)});
        hold();
        offer({stamp(), std::move(body)});
    }

    void step(std::string_view name, std::string_view contract, std::string_view detail) override {
        if (recorder_ == nullptr) return;
        note(Step{.name = std::string(name), .contract = std::string(contract), .detail = std::string(detail)});
    }

    void set_checkpoint(std::function<std::vector<RecordBody>()> pieces) override { pieces_ = std::move(pieces); }

private:
    struct Moment {
        core::WallTime wall;
        core::SteadyTime steady;
    };

    void hold() {
        held_ = {.wall = real_.now(), .steady = real_.steady_now()};
        if (std::exchange(releasing_, true)) return;
        asio::post(executor_, [this, alive = std::weak_ptr(alive_)] {
            if (alive.expired()) return;
            releasing_ = false;
            held_.reset();
        });
    }

    Stamp stamp() const {
        using std::chrono::nanoseconds;
        return {.wall_ns = nanoseconds(held_->wall.time_since_epoch()).count(),
                .steady_ns = nanoseconds(held_->steady.time_since_epoch()).count()};
    }

    void offer(Record record) {
        if (recorder_->wants_checkpoint()) {
            std::vector<Record> pieces = memory_.checkpoint(record.at);
            if (pieces_) {
                for (RecordBody& body : pieces_()) pieces.push_back({record.at, std::move(body)});
            }
            recorder_->begin_segment(record.at, std::move(pieces));
        }
        memory_.note(record);
        recorder_->offer(std::move(record));
    }

    const asio::any_io_executor executor_;
    const core::Clock& real_;
    Recorder* recorder_ = nullptr;  // nullptr: nothing is recorded
    AnswerMemory memory_;
    std::function<std::vector<RecordBody>()> pieces_;
    std::optional<Moment> held_;
    bool releasing_ = false;
    std::shared_ptr<bool> alive_;
};

/// What of an answer's head decides something or tells where it came from. Cookies and the like may be secrets.
bool is_kept(std::string_view name) {
    constexpr std::string_view kKept[] = {
        "content-type",    "date", "retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-interval",
        "ratelimit-reset", "via"};
    for (const std::string_view kept : kKept) {
        if (name.size() != kept.size()) continue;
        bool same = true;
        for (std::size_t i = 0; i < name.size(); ++i) {
            const char c = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
            same = same && c == kept[i];
        }
        if (same) return true;
    }
    return false;
}

/// Credentials are no part of what happened.
std::string without_user(const std::string& url) {
    const std::size_t begin = url.find("://");
    if (begin == std::string::npos) return url;
    const std::size_t end = url.find_first_of("/?#", begin + 3);
    const std::size_t sign = url.rfind('@', end == std::string::npos ? end : end - 1);
    if (sign == std::string::npos || sign < begin) return url;
    return url.substr(0, begin + 3) + url.substr(sign + 1);
}

class RecordingClient final : public net::HttpClient {
public:
    RecordingClient(net::HttpClient& inner, Tap& tap) : inner_(inner), tap_(tap) {}

    asio::awaitable<core::Result<net::ClientResponse>> send(net::ClientRequest request) override {
        RestAnswer answer;
        answer.url = without_user(request.url);
        auto response = co_await inner_.send(std::move(request));
        if (response) {
            answer.status = response->status;
            for (const net::Header& header : response->headers) {
                if (is_kept(header.name)) answer.headers.push_back(header);
            }
            answer.body = response->body;
        } else {
            answer.error = outcome_text(&response.error());
        }
        tap_.note(std::move(answer));
        co_return response;
    }

private:
    net::HttpClient& inner_;
    Tap& tap_;
};

}  // namespace

std::unique_ptr<Tap> make_tap(asio::any_io_executor executor, const core::Clock& real, std::string settings) {
    return std::make_unique<TapImpl>(std::move(executor), real, settings);
}

std::unique_ptr<net::HttpClient> make_recording_client(net::HttpClient& inner, Tap& tap) {
    return std::make_unique<RecordingClient>(inner, tap);
}

}  // namespace scanner::recording
