#include "simulator/face/face.hpp"

#include "simulator/face/encode/answer.hpp"
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/encode/gzip.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face/faults/fault_effects.hpp"
#include "simulator/face/routes.hpp"
#include "simulator/face/ws/feed_hub.hpp"

#include "scanner/net/deadline.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace scanner::simulator::face {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;

/// Bulk answers are kept for so long: under a rush of clients each is made twenty times a second and no more.
constexpr milliseconds kKeep{50};
constexpr std::size_t kMaxKept = 128;
/// Real time that a tick, and an answer, may spend on playing the market.
constexpr milliseconds kTickBudget{25};
constexpr milliseconds kAnswerBudget{3};
/// Without a tick for so long, who asks renews the books.
constexpr milliseconds kTickMissing{250};
/// Simulated time behind the clock that still counts as level with it.
constexpr milliseconds kSlack{200};
constexpr milliseconds kLabelPoll{250};

class HtxFace final : public Face {
public:
    HtxFace(FaceOptions options, World& world, const core::Clock& clock)
        : options_(std::move(options)),
          world_(world),
          clock_(clock),
          started_(clock.steady_now()),
          faults_(options_.seed, options_.faults, started_),
          faults_set_at_(world.market().now()),
          feed_(world, faults_, clock, [this] { return scene(milliseconds(0)); }) {}

    bool tick() override {
        ticked_ = clock_.steady_now();
        world_.play(kTickBudget);
        renew_books();
        feed_.tick();
        return world_.lag() <= kSlack;
    }

    awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        if (request.path().starts_with("/_simulator/")) co_return control(request);
        co_return co_await exchange(std::move(request));
    }

    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest& request) override {
        return feed_.refuse(request);
    }

    awaitable<void> handle_websocket(net::ServerRequest request, net::WebSocket& socket) override {
        return feed_.converse(std::string(request.path()), socket);
    }

    net::ServerResponse protocol_error(int status, std::string) override {
        return http_answer(status, html_page(status), kHtmlType, false);
    }

private:
    struct Kept {
        core::SteadyTime made;
        Rendered body;
    };

    void catch_up();
    void renew_books();

    // The exchange's own paths.
    awaitable<net::ServerResponse> exchange(net::ServerRequest request);
    [[nodiscard]] net::ServerResponse answer(const net::ServerRequest& request, const Route* route,
                                             const FaultVerdict& verdict);
    [[nodiscard]] Rendered render(const net::ServerRequest& request, const Route& route, const FaultVerdict& verdict);
    [[nodiscard]] Rendered kept_or_rendered(const net::ServerRequest& request, const Route& route,
                                            const FaultVerdict& verdict);
    [[nodiscard]] net::ServerResponse maintenance_answer(const FaultSpec& fault, bool heartbeat_path, bool packed);
    [[nodiscard]] Scene scene(milliseconds skew);
    [[nodiscard]] WallTime now() const { return world_.market().now(); }
    [[nodiscard]] net::ServerResponse not_found(std::string_view path) const {
        return http_answer(404, spring_error(now(), 404, path), kJsonType, false);
    }

    // /_simulator/*
    [[nodiscard]] net::ServerResponse control(const net::ServerRequest& request);
    [[nodiscard]] net::ServerResponse control_faults(const net::ServerRequest& request);
    [[nodiscard]] net::ServerResponse control_speed(const net::ServerRequest& request);
    [[nodiscard]] net::ServerResponse control_book(const net::ServerRequest& request);
    [[nodiscard]] net::ServerResponse control_labels(const net::ServerRequest& request);
    awaitable<void> follow_labels(WallTime since, net::BodyWriter& writer);
    [[nodiscard]] Status status() const;

    FaceOptions options_;
    World& world_;
    const core::Clock& clock_;
    core::SteadyTime started_;
    FaultSet faults_;
    WallTime faults_set_at_;  // simulated time
    core::SteadyTime ticked_{};
    FeedHub feed_;
    std::optional<Directory> resized_;          // while contracts are of another size
    std::map<std::string, Rendered> standing_;  // what a cache goes on giving, by target
    RateLimiter limiter_;
    std::map<std::string, Kept> kept_;
    std::uint64_t requests_ = 0;
    std::uint64_t over_limit_ = 0;
    std::uint64_t faulted_ = 0;
};

/// False when the server stops meanwhile.
awaitable<bool> pass_time(milliseconds time) {
    co_return time <= milliseconds(0) || co_await net::sleep_for(time);
}

void HtxFace::catch_up() {
    world_.play(kAnswerBudget);
    // While ticks come, books are renewed by them alone: what REST and WebSocket show is then from the same moments.
    if (clock_.steady_now() - ticked_ > kTickMissing) renew_books();
}

void HtxFace::renew_books() {
    const core::SteadyTime now = clock_.steady_now();
    const bool any = faults_.any_on(FaultKind::stale_book, now);
    world_.renew_books([this, now, any](std::size_t contract) {
        return any && faults_.holds_for(FaultKind::stale_book, world_.directory()[contract].code, now);
    });
}

Scene HtxFace::scene(milliseconds skew) {
    const core::SteadyTime at = clock_.steady_now();
    const auto chosen_by = [this, at](FaultKind kind) {
        return [this, at, kind](std::size_t contract) {
            return faults_.holds_for(kind, world_.directory()[contract].code, at);
        };
    };
    resized_.reset();
    if (faults_.any_on(FaultKind::resized, at)) {
        resized_ = world_.directory().resized(
            [this, at](std::string_view code) { return faults_.holds_for(FaultKind::resized, code, at); });
    }
    Scene scene{.market = world_.market(),
                .directory = resized_ ? *resized_ : world_.directory(),
                .books = world_.books(),
                .references = world_.references(),
                .now = now() + skew,
                .skew = skew,
                .seed = options_.seed,
                .vanished = {},
                .relisted = {},
                .stopped = {},
                .candles_until = faults_set_at_};
    if (faults_.any_on(FaultKind::vanish, at)) scene.vanished = chosen_by(FaultKind::vanish);
    if (faults_.any_on(FaultKind::relisted, at)) scene.relisted = chosen_by(FaultKind::relisted);
    if (faults_.any_on(FaultKind::stale_candles, at)) scene.stopped = chosen_by(FaultKind::stale_candles);
    return scene;
}

awaitable<net::ServerResponse> HtxFace::exchange(net::ServerRequest request) {
    ++requests_;
    const Route* const route = find_route(request.path());
    const LimitClass limit_class = route ? route->limit : LimitClass::none;
    const bool packed = accepts_gzip(request.header("accept-encoding"));

    std::optional<LimitDecision> limit;
    if (options_.over_limit != OverLimit::none) {
        limit = limiter_.take(request.remote_address, limit_class, clock_.steady_now());
    }
    const std::string contract =
        route ? upper_ascii(Params(request.query()).get(route->contract_param)) : std::string();
    const FaultVerdict verdict = faults_.decide({.path = request.path(), .contract = contract}, clock_.steady_now());

    // Half of the latency is the way here, the other half the way back: what answering costs this program is part of
    // it, as far as it goes, and not on top.
    const core::SteadyTime due = clock_.steady_now() + options_.latency + verdict.delay;
    net::ServerResponse gone;  // the server stops, so no client will read it
    gone.close = true;
    if (!co_await pass_time(options_.latency / 2 + verdict.delay)) co_return gone;
    catch_up();

    net::ServerResponse response;
    if (limit && !limit->allowed) {
        ++over_limit_;
        response = over_limit_answer(options_.over_limit, now() + verdict.skew, limit_class, packed);
    } else {
        response = answer(request, route, verdict);
    }
    if (limit && limit_class == LimitClass::api) add_limit_headers(response, *limit, now() + verdict.skew);
    if (!co_await pass_time(std::chrono::round<milliseconds>(due - clock_.steady_now()))) co_return gone;
    co_return response;
}

net::ServerResponse HtxFace::answer(const net::ServerRequest& request, const Route* route,
                                    const FaultVerdict& verdict) {
    const bool packed = accepts_gzip(request.header("accept-encoding"));
    if (verdict.replacement || verdict.corruption || verdict.cached || verdict.skew.count() != 0 ||
        verdict.delay.count() != 0) {
        ++faulted_;
    }
    if (verdict.replacement) {
        const FaultSpec& fault = *verdict.replacement;
        if (fault.kind == FaultKind::maintenance) {
            return maintenance_answer(fault, request.path() == "/heartbeat/", packed);
        }
        return fault_answer(fault, now() + verdict.skew, route ? route->limit : LimitClass::market, request.path(),
                            packed);
    }
    if (!route) return not_found(request.path());
    if (request.method != "GET" && request.method != "HEAD") {
        return http_answer(405, spring_error(now(), 405, request.path()), kJsonType, false);
    }
    Rendered body = kept_or_rendered(request, *route, verdict);
    net::ServerResponse response = http_answer(200, body, kJsonType, packed);
    if (route->bulk && body.packed && !verdict.corruption) {
        // Keep the compressed form too, for the requests of the same moment.
        if (const auto kept = kept_.find(request.target); kept != kept_.end()) kept->second.body.packed = body.packed;
    }
    if (verdict.corruption && verdict.corruption->kind == FaultKind::truncated) truncate(response);
    return response;
}

net::ServerResponse HtxFace::maintenance_answer(const FaultSpec& fault, bool heartbeat_path, bool packed) {
    if (!heartbeat_path) return fault_answer(fault, now(), LimitClass::api, "", packed);
    std::optional<std::int64_t> recovery;
    const auto elapsed = std::chrono::floor<milliseconds>(clock_.steady_now() - faults_.since());
    if (const auto left = on_until(fault, elapsed)) recovery = core::to_unix_ms(now() + *left);
    return http_answer(200, heartbeat_body(false, recovery), kJsonType, packed);
}

Rendered HtxFace::render(const net::ServerRequest& request, const Route& route, const FaultVerdict& verdict) {
    std::string body = route.encode(scene(verdict.skew), Params(request.query()));
    if (verdict.corruption) {
        const FaultSpec& fault = *verdict.corruption;
        if (fault.kind == FaultKind::malformed) body = make_malformed(body, verdict.draw);
        if (fault.kind == FaultKind::non_finite) body = make_non_finite(body, fault.contract, verdict.draw);
    }
    return {.plain = std::make_shared<const std::string>(std::move(body)), .packed = nullptr};
}

Rendered HtxFace::kept_or_rendered(const net::ServerRequest& request, const Route& route, const FaultVerdict& verdict) {
    const core::SteadyTime at = clock_.steady_now();
    if (verdict.cached) {
        const auto standing = standing_.find(request.target);
        if (standing != standing_.end()) return standing->second;
        if (standing_.size() >= kMaxKept) standing_.clear();
        return standing_[request.target] = render(request, route, verdict);
    }
    standing_.erase(request.target);
    const bool keep = route.bulk && !verdict.corruption && verdict.skew.count() == 0;
    const bool changed = faults_.any_on(FaultKind::vanish, at) || faults_.any_on(FaultKind::resized, at) ||
                         faults_.any_on(FaultKind::relisted, at);
    if (!keep || changed) return render(request, route, verdict);
    const auto kept = kept_.find(request.target);
    if (kept != kept_.end() && at - kept->second.made < kKeep) return kept->second.body;
    if (kept == kept_.end() && kept_.size() >= kMaxKept) kept_.clear();
    Kept& fresh = kept_[request.target];
    fresh = {.made = at, .body = render(request, route, verdict)};
    return fresh.body;
}

Status HtxFace::status() const {
    Status status = options_.status;
    status.time = now();
    status.uptime = std::chrono::floor<milliseconds>(clock_.steady_now() - started_);
    status.lag = world_.lag();
    status.speed = world_.speed();
    status.seed = options_.seed;
    status.requests = requests_;
    status.over_limit = over_limit_;
    status.faults = faulted_;
    const FeedHub::Counts feed = feed_.counts();
    status.feed_connections = feed.connections;
    status.feed_topics = feed.topics;
    status.feed_opened = feed.opened;
    return status;
}

net::ServerResponse HtxFace::control(const net::ServerRequest& request) {
    catch_up();
    const std::string_view path = request.path();
    if (path == "/_simulator/faults") return control_faults(request);
    if (path == "/_simulator/speed") return control_speed(request);
    if (request.method != "GET") return http_answer(405, control_error("GET only"), kJsonType, false);
    if (path == "/_simulator/status") return http_answer(200, status_json(status()), kJsonType, false);
    if (path == "/_simulator/labels") return control_labels(request);
    if (path == "/_simulator/book") return control_book(request);
    constexpr std::string_view kKnown =
        "known are /_simulator/status, /_simulator/speed, /_simulator/faults, /_simulator/labels, /_simulator/book";
    return http_answer(404, control_error(kKnown), kJsonType, false);
}

net::ServerResponse HtxFace::control_speed(const net::ServerRequest& request) {
    if (request.method != "POST") return http_answer(405, control_error("POST only"), kJsonType, false);
    const auto speed = parse_speed(request.body);
    if (!speed) return http_answer(400, control_error(speed.error().message()), kJsonType, false);
    world_.set_speed(*speed);
    return http_answer(200, status_json(status()), kJsonType, false);
}

net::ServerResponse HtxFace::control_book(const net::ServerRequest& request) {
    const Params params(request.query());
    const auto contract = world_.directory().find(params.get("contract_code"));
    if (!contract) return http_answer(404, control_error("no such contract_code"), kJsonType, false);
    const auto matching_id = params.get_int("mrid");
    if (params.has("mrid") && !matching_id) {
        return http_answer(400, control_error("mrid is not a whole number"), kJsonType, false);
    }
    const auto text = book_json(world_, *contract, matching_id);
    if (!text) return http_answer(404, control_error(text.error()), kJsonType, false);
    return http_answer(200, *text, kJsonType, accepts_gzip(request.header("accept-encoding")));
}

net::ServerResponse HtxFace::control_faults(const net::ServerRequest& request) {
    if (request.method == "POST") {
        auto faults = parse_fault_list(request.body);
        if (!faults) return http_answer(400, control_error(faults.error().message()), kJsonType, false);
        faults_ = FaultSet(options_.seed, std::move(*faults), clock_.steady_now());
        faults_set_at_ = now();
        kept_.clear();
        standing_.clear();
    } else if (request.method != "GET") {
        return http_answer(405, control_error("GET or POST"), kJsonType, false);
    }
    return http_answer(200, faults_json(faults_.states(clock_.steady_now())), kJsonType, false);
}

net::ServerResponse HtxFace::control_labels(const net::ServerRequest& request) {
    constexpr std::string_view kLinesType = "application/x-ndjson";
    const Params params(request.query());
    const auto since = params.has("since") ? parse_since(params.get("since")) : WallTime{};
    if (!since) return http_answer(400, control_error("since is neither Unix ms nor RFC 3339"), kJsonType, false);
    const std::string_view follow = params.get("follow");
    if (follow != "true" && follow != "1") {
        return http_answer(200, label_lines(world_.market().labels(*since)), kLinesType,
                           accepts_gzip(request.header("accept-encoding")));
    }
    net::ServerResponse response;
    response.headers = {{"Content-Type", std::string(kLinesType)}};
    response.stream = [this, from = *since](net::BodyWriter& writer) { return follow_labels(from, writer); };
    return response;
}

awaitable<void> HtxFace::follow_labels(WallTime since, net::BodyWriter& writer) {
    // The head first: a client that waits for labels should know that it is being served.
    if (!co_await writer.write(std::make_shared<const std::string>())) co_return;
    while (!writer.stopping()) {
        const auto labels = world_.market().labels(since);
        since = std::max(since, now());
        if (!labels.empty() && !co_await writer.write(std::make_shared<const std::string>(label_lines(labels)))) {
            co_return;
        }
        if (!co_await net::sleep_for(kLabelPoll)) co_return;
    }
}

}  // namespace

std::unique_ptr<Face> make_face(FaceOptions options, World& world, const core::Clock& clock) {
    return std::make_unique<HtxFace>(std::move(options), world, clock);
}

}  // namespace scanner::simulator::face
