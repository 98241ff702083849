// What a frame of the live feed costs on one core: inflating, decoding and applying it, for changes of a few and of
// many levels and for a whole book of 150 a side. bench/RESULTS.md has the limits.

#include "../allocation_counter.hpp"
#include "exchange/htx/feed/book_chain.hpp"
#include "exchange/htx/feed/feed_core.hpp"
#include "exchange/htx/feed/frames/market_frame.hpp"

#include "scanner/core/random.hpp"
#include "scanner/net/gzip_inflater.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <benchmark/benchmark.h>
#include <memory>
#include <string>
#include <vector>

namespace scanner {
namespace {

namespace feed = exchange::htx::feed;

constexpr std::int64_t kNow = 1'790'134'831'749;
constexpr int kLevels = 150;
constexpr std::string_view kTopic = "market.BTC-USDT.depth.size_150.high_freq";

std::string gzip(const std::string& text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())) + 32, '\0');
    std::string input = text;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

/// A book around 86,859.8 with the sizes of a real one, and changes to it.
class Market {
public:
    [[nodiscard]] std::string snapshot() { return frame("snapshot", side(kLevels, -1), side(kLevels, 1)); }
    [[nodiscard]] std::string change(int levels) {
        return frame("update", some(levels / 2, -1), some(levels - levels / 2, 1));
    }

private:
    static double price(int level, int direction) {
        return 86859.8 + (direction > 0 ? 0.1 : 0.0) + direction * 0.7 * level;
    }
    std::string entry(int level, int direction, double none) {
        const bool gone = random_.uniform() < none;
        return fmt::format("[{:.1f},{}]", price(level, direction), gone ? 0 : 1 + random_.below(3000));
    }
    std::string side(int levels, int direction) {
        std::string text;
        for (int i = 0; i < levels; ++i) text += (i == 0 ? "" : ",") + entry(i, direction, 0.0);
        return "[" + text + "]";
    }
    std::string some(int levels, int direction) {
        std::string text;
        int level = 0;
        for (int i = 0; i < levels; ++i) {
            text += (i == 0 ? "" : ",") + entry(level, direction, 0.2);
            level = std::min(level + 1 +
                                 static_cast<int>(random_.below(
                                     static_cast<std::uint64_t>(std::max(1, 2 * kLevels / std::max(levels, 1) - 1)))),
                             kLevels - 1 + i);
        }
        return "[" + text + "]";
    }
    std::string frame(std::string_view event, const std::string& bids, const std::string& asks) {
        ++version_;
        return fmt::format(
            R"({{"ch":"{0}","ts":{1},"tick":{{"asks":{2},"bids":{3},"ch":"{0}","event":"{4}","id":{5},"mrid":{5},"ts":{1},"version":{6}}}}})",
            kTopic, kNow, asks, bids, event, 100129125618870 + version_, 1789895280796 + version_);
    }

    core::Random random_{7};
    std::int64_t version_ = 0;
};

/// A snapshot and then many changes of so many levels; 0: snapshots alone.
std::vector<std::string> make_frames(int levels) {
    Market market;
    std::vector<std::string> frames{market.snapshot()};
    for (int i = 0; i < 255; ++i) frames.push_back(levels == 0 ? market.snapshot() : market.change(levels));
    return frames;
}

struct Listener final : exchange::FeedListener {
    void on_book(const market::Contract&, const market::LiveBook& book, const exchange::FeedTime&) override {
        benchmark::DoNotOptimize(book.bids().data());
        ++books;
    }
    void on_book_state(const market::Contract&, exchange::BookState, std::string_view) override { ++losses; }
    void on_trades(const market::Contract&, std::span<const market::Trade>, const exchange::FeedTime&) override {}
    void on_tape_hole(const market::Contract&, std::string_view) override {}
    void on_liquidation(std::string_view, const exchange::Liquidation&, const exchange::FeedTime&) override {}
    void on_funding_rate(std::string_view, const market::FundingRate&, const exchange::FeedTime&) override {}
    void on_contract_change(std::string_view, const exchange::FeedTime&) override {}
    std::uint64_t books = 0;
    std::uint64_t losses = 0;
};

std::shared_ptr<const market::Contract> contract() {
    auto made = std::make_shared<market::Contract>();
    made->contract_code = "BTC-USDT";
    made->contract_size = 0.001;
    made->price_tick = 0.1;
    return made;
}

std::size_t mean_size(const std::vector<std::string>& frames) {
    std::size_t bytes = 0;
    for (const auto& frame : frames) bytes += frame.size();
    return bytes / frames.size();
}

/// From the bytes of a message to the listener.
void frame_whole(benchmark::State& state) {
    const auto texts = make_frames(static_cast<int>(state.range(0)));
    std::vector<std::string> frames;
    for (const auto& text : texts) frames.push_back(gzip(text));
    Listener listener;
    feed::FeedCore core(exchange::MarketFeedOptions(), listener, [] { return 0.5; });
    const core::SteadyTime now{std::chrono::hours(1)};
    core.want({contract()}, now);
    core.connected(0);
    while (core.next(now)) {
    }
    const feed::Received received{.wall = core::from_unix_ms(kNow), .steady = now};
    const auto play = [&](const std::string& frame) {
        if (!core.on_market(0, frame, received)) state.SkipWithError("a frame was refused");
    };
    for (const auto& frame : frames) play(frame);
    std::size_t next = 0;
    const auto before = bench::allocations();
    for (auto iteration : state) {
        static_cast<void>(iteration);
        play(frames[next]);
        next = (next + 1) % frames.size();
    }
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(bench::allocations() - before), benchmark::Counter::kAvgIterations);
    state.counters["wire_bytes"] = static_cast<double>(mean_size(frames));
    state.counters["text_bytes"] = static_cast<double>(mean_size(texts));
    if (listener.losses > 0) state.SkipWithError("the book was lost");
}
BENCHMARK(frame_whole)->ArgName("levels")->Arg(4)->Arg(12)->Arg(40)->Arg(150)->Arg(0);

/// The same from the text on.
void frame_decode_and_apply(benchmark::State& state) {
    const auto texts = make_frames(static_cast<int>(state.range(0)));
    std::vector<std::string> frames = texts;
    for (auto& frame : frames) frame.reserve(frame.size() + net::GzipInflater::kPadding);
    feed::MarketFrameDecoder decoder;
    feed::BookChain chain(0.001);
    std::size_t next = 0;
    for (auto iteration : state) {
        static_cast<void>(iteration);
        const auto frame = decoder.decode(frames[next]);
        if (!frame || !frame->book || chain.on_tick(*frame->book) == feed::BookChain::Step::broken) {
            state.SkipWithError("a frame was refused");
        }
        next = (next + 1) % frames.size();
    }
}
BENCHMARK(frame_decode_and_apply)->ArgName("levels")->Arg(4)->Arg(12)->Arg(40)->Arg(150)->Arg(0);

void frame_inflate(benchmark::State& state) {
    std::vector<std::string> frames;
    for (const auto& text : make_frames(static_cast<int>(state.range(0)))) frames.push_back(gzip(text));
    net::GzipInflater inflater;
    std::size_t next = 0;
    for (auto iteration : state) {
        static_cast<void>(iteration);
        const auto text = inflater.inflate(frames[next]);
        benchmark::DoNotOptimize(text->data());
        next = (next + 1) % frames.size();
    }
}
BENCHMARK(frame_inflate)->ArgName("levels")->Arg(4)->Arg(12)->Arg(40)->Arg(150)->Arg(0);

}  // namespace
}  // namespace scanner

BENCHMARK_MAIN();
