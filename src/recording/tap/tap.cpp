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
        has_begun_ = has_happened_;
        if (recorder_ == nullptr) held_.reset();
    }
    bool is_recording() const override { return recorder_ != nullptr; }

    core::WallTime now() const override { return held_ ? held_->wall : real_.now(); }
    core::SteadyTime steady_now() const override { return held_ ? held_->steady : real_.steady_now(); }

    void note(RecordBody body) override {
        if (recorder_ == nullptr) {
            has_happened_ = true;
            memory_.note({stamp(real_.now(), real_.steady_now()), std::move(body)});
            return;
        }
        hold();
        offer({stamp(), std::move(body)});
    }

    void step(std::string_view name, std::string_view contract, std::string_view detail) override {
        if (recorder_ == nullptr) {
            has_happened_ = true;
            return;
        }
        note(Step{.name = std::string(name), .contract = std::string(contract), .detail = std::string(detail)});
    }

    void set_checkpoint(std::function<std::optional<Beginning>()> begin) override { begin_ = std::move(begin); }

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
            begin_between();
        });
    }

    static Stamp stamp(core::WallTime wall, core::SteadyTime steady) {
        using std::chrono::nanoseconds;
        return {.wall_ns = nanoseconds(wall.time_since_epoch()).count(),
                .steady_ns = nanoseconds(steady.time_since_epoch()).count()};
    }
    Stamp stamp() const { return stamp(held_->wall, held_->steady); }

    void offer(Record record) {
        has_happened_ = true;
        if (!has_begun_ && recorder_->wants_checkpoint()) {
            // From the very beginning: what follows makes everything.
            has_begun_ = true;
            recorder_->begin_segment(record.at, memory_.checkpoint(record.at));
        }
        memory_.note(record);
        recorder_->offer(std::move(record));
    }

    /// Nothing is half done here.
    void begin_between() {
        if (recorder_ == nullptr || !has_begun_ || !begin_ || !recorder_->wants_checkpoint()) return;
        auto beginning = begin_();
        if (!beginning) return;
        const Stamp at = stamp(real_.now(), real_.steady_now());
        std::vector<Record> pieces =
            beginning->whole ? memory_.checkpoint(at, true, at.wall_ns - kOnTheWay.count()) : memory_.checkpoint(at);
        recorder_->begin_segment(at, std::move(pieces), [at, beginning = std::move(*beginning)] {
            std::vector<Record> records;
            if (beginning.state) {
                for (RecordBody& body : beginning.state()) records.push_back({at, std::move(body)});
            }
            for (const RecordBody& body : beginning.pieces) records.push_back({at, body});
            return records;
        });
    }

    /// An answer is taken over so long after it came, at most.
    static constexpr std::chrono::nanoseconds kOnTheWay = std::chrono::seconds(5);

    const asio::any_io_executor executor_;
    const core::Clock& real_;
    Recorder* recorder_ = nullptr;  // nullptr: nothing is recorded
    AnswerMemory memory_;
    std::function<std::optional<Beginning>()> begin_;
    bool has_happened_ = false;
    bool has_begun_ = false;  ///< a segment, or what a recording from the beginning would have begun with is gone
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
