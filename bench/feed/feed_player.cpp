// An exchange's WebSocket face that plays frames made beforehand, as fast as it is told: what a scanner needs for so
// many frames a second, without the cost of making them beside it.
//   feed-player PORT FRAMES_A_SECOND < contracts          a line each: CODE PRICE TICK DECIMALS
// Four of five frames are changes of books (12 levels of 150 a side), the fifth is a trade; topics take turns. The
// levels are compressed once; what changes from frame to frame (times, numbers) stands uncompressed around them in one
// gzip member. On SIGTERM it says how many it sent and what it needed itself.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr int kLevels = 150;
constexpr int kChanged = 12;
constexpr std::size_t kChanges = 16;  // made beforehand, for each contract

std::int64_t now_ms() {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// A piece of a gzip member: its deflate blocks, and what its content adds to the check sum.
struct Piece {
    std::string blocks;
    uLong crc = 0;
    std::size_t length = 0;
};

/// Compressed once; other blocks may follow.
Piece compressed(std::string text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    Piece piece{.blocks = std::string(text.size() + 128, '\0'), .length = text.size()};
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(piece.blocks.data());
    stream.avail_out = static_cast<uInt>(piece.blocks.size());
    deflate(&stream, Z_SYNC_FLUSH);
    piece.blocks.resize(stream.total_out);
    deflateEnd(&stream);
    piece.crc = crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
    return piece;
}

class Member {
public:
    void add_stored(std::string_view text, bool last) {
        const auto size = static_cast<std::uint16_t>(text.size());
        out_ += static_cast<char>(last ? 1 : 0);
        add_16(size);
        add_16(static_cast<std::uint16_t>(~size));
        out_ += text;
        add_sum(crc32(0, reinterpret_cast<const Bytef*>(text.data()), size), text.size());
    }
    void add(const Piece& piece) {
        out_ += piece.blocks;
        add_sum(piece.crc, piece.length);
    }
    std::string take() {
        add_32(static_cast<std::uint32_t>(crc_));
        add_32(static_cast<std::uint32_t>(length_));
        return std::move(out_);
    }

private:
    void add_sum(uLong crc, std::size_t length) {
        crc_ = crc32_combine(crc_, crc, static_cast<z_off_t>(length));
        length_ += length;
    }
    void add_16(std::uint16_t value) {
        out_ += static_cast<char>(value & 0xFFU);
        out_ += static_cast<char>(value >> 8U);
    }
    void add_32(std::uint32_t value) {
        add_16(static_cast<std::uint16_t>(value & 0xFFFFU));
        add_16(static_cast<std::uint16_t>(value >> 16U));
    }

    std::string out_{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10};
    uLong crc_ = 0;
    std::size_t length_ = 0;
};

std::string gzip(std::string_view text) {
    Member member;
    member.add_stored(text, true);
    return member.take();
}

struct Contract {
    std::string code;
    double price = 0.0;
    double tick = 0.0;
    int decimals = 0;
    Piece whole;
    std::vector<Piece> changes;

    void prepare(std::mt19937_64& random) {
        whole = compressed(sides(kLevels, random));
        for (std::size_t i = 0; i < kChanges; ++i) changes.push_back(compressed(sides(kChanged / 2, random)));
    }
    [[nodiscard]] std::string touch(bool ask) const { return text(level(0, ask)); }

private:
    [[nodiscard]] double level(int i, bool ask) const { return price + (ask ? 1 + i : -i) * tick; }
    [[nodiscard]] std::string text(double value) const { return fmt::format("{:.{}f}", value, decimals); }
    [[nodiscard]] std::string side(int levels, bool ask, std::mt19937_64& random) const {
        std::string out = "[";
        int at = 0;
        for (int i = 0; i < levels; ++i) {
            out += fmt::format("{}[{},{}]", i == 0 ? "" : ",", text(level(at, ask)), 2 * (1 + random() % 3'000));
            at += levels == kLevels ? 1 : 1 + static_cast<int>(random() % (2 * kLevels / kChanged));
        }
        return out + "]";
    }
    [[nodiscard]] std::string sides(int levels, std::mt19937_64& random) const {
        return R"("tick":{"asks":)" + side(levels, true, random) + R"(,"bids":)" + side(levels, false, random);
    }
};

struct Counts {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
};

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, const std::map<std::string, Contract, std::less<>>& contracts, double rate,
            Counts& counts)
        : stream_(std::move(socket)), contracts_(contracts), rate_(rate), counts_(counts) {}

    asio::awaitable<void> run() {
        stream_.next_layer().set_option(tcp::no_delay(true));
        co_await stream_.async_accept(asio::use_awaitable);
        stream_.binary(true);
        asio::co_spawn(
            stream_.get_executor(), [self = shared_from_this()] { return self->write(); },
            [self = shared_from_this()](const std::exception_ptr&) { self->over_ = true; });
        beast::flat_buffer buffer;
        for (;;) {
            co_await stream_.async_read(buffer, asio::use_awaitable);
            on_message(beast::buffers_to_string(buffer.data()));
            buffer.clear();
        }
    }

private:
    struct Topic {
        std::string name;
        const Contract* contract = nullptr;
        bool book = false;
        bool begun = false;
        std::int64_t version = 0;
        std::int64_t number = 0;
        std::size_t next = 0;
    };

    static std::string value_of(const std::string& text, std::string_view key) {
        const auto at = text.find(fmt::format("\"{}\":\"", key));
        if (at == std::string::npos) return {};
        const auto from = at + key.size() + 4;
        return text.substr(from, text.find('"', from) - from);
    }

    void on_message(const std::string& text) {
        const std::string id = value_of(text, "id");
        if (const std::string name = value_of(text, "sub"); !name.empty()) {
            const auto code = name.substr(7, name.find('.', 7) - 7);
            const auto found = contracts_.find(code);
            if (found == contracts_.end()) return;
            auto& place = name.ends_with(".trade.detail") ? trades_ : books_;
            std::erase_if(place, [&](const Topic& topic) { return topic.name == name; });
            place.push_back({.name = name, .contract = &found->second, .book = &place == &books_, .number = now_ms()});
            said_.push_back(
                gzip(fmt::format(R"({{"id":"{}","status":"ok","subbed":"{}","ts":{}}})", id, name, now_ms())));
        } else if (const std::string left = value_of(text, "unsub"); !left.empty()) {
            for (auto* place : {&books_, &trades_}) {
                std::erase_if(*place, [&](const Topic& topic) { return topic.name == left; });
            }
            said_.push_back(
                gzip(fmt::format(R"({{"id":"{}","status":"ok","unsubbed":"{}","ts":{}}})", id, left, now_ms())));
        }
    }

    static std::string book_frame(Topic& topic) {
        const std::int64_t ts = now_ms();
        const bool whole = !std::exchange(topic.begun, true);
        Member member;
        member.add_stored(fmt::format(R"({{"ch":"{}","ts":{},)", topic.name, ts), false);
        member.add(whole ? topic.contract->whole : topic.contract->changes[topic.next++ % kChanges]);
        member.add_stored(
            fmt::format(R"(,"ch":"{}","event":"{}","id":{},"mrid":{},"ts":{},"version":{}}}}})", topic.name,
                        whole ? "snapshot" : "update", topic.number, topic.number, ts, ++topic.version),
            true);
        ++topic.number;
        return member.take();
    }
    static std::string trade_frame(Topic& topic) {
        const std::int64_t ts = now_ms();
        // In the order of their ids, and behind those of the simulator that gives the lists.
        const std::int64_t id = ts * 1'000'000 + topic.number++ % 1'000'000;
        const bool buy = topic.next++ % 2 == 0;
        return gzip(fmt::format(
            R"({{"ch":"{}","ts":{},"tick":{{"id":{},"ts":{},"data":[{{"amount":2,"quantity":0.002,"trade_turnover":2,"ts":{},"id":{},"price":{},"direction":"{}"}}]}}}})",
            topic.name, ts, id, ts, ts, id, topic.contract->touch(buy), buy ? "buy" : "sell"));
    }

    asio::awaitable<void> send(std::string frame) {
        counts_.bytes += frame.size();
        co_await stream_.async_write(asio::buffer(frame), asio::use_awaitable);
    }

    asio::awaitable<void> write() {
        asio::steady_timer timer(stream_.get_executor());
        auto before = std::chrono::steady_clock::now();
        auto pinged = before;
        double due = 0.0;
        std::size_t turn = 0;
        while (!over_) {
            timer.expires_after(milliseconds(4));
            co_await timer.async_wait(asio::use_awaitable);
            while (!said_.empty()) {
                std::string frame = std::move(said_.front());
                said_.pop_front();
                co_await send(std::move(frame));
            }
            const auto now = std::chrono::steady_clock::now();
            if (now - pinged > std::chrono::seconds(5)) {
                pinged = now;
                co_await send(gzip(fmt::format(R"({{"ping":{}}})", now_ms())));
            }
            const std::size_t topics = books_.size() + trades_.size();
            const double share = static_cast<double>(topics) / (2.0 * static_cast<double>(contracts_.size()));
            due += rate_ * share * std::chrono::duration<double>(now - before).count();
            before = now;
            // A machine that could not keep up for a moment is not made to catch up with it.
            for (due = std::min(due, rate_ / 10); due >= 1.0 && topics > 0; due -= 1.0) {
                auto& place = books_.empty() || (turn % 5 == 4 && !trades_.empty()) ? trades_ : books_;
                Topic& topic = place[(turn / 5 * (&place == &books_ ? 4 : 1) + turn % 5) % place.size()];
                ++turn;
                ++counts_.frames;
                co_await send(topic.book ? book_frame(topic) : trade_frame(topic));
            }
        }
    }

    websocket::stream<tcp::socket> stream_;
    const std::map<std::string, Contract, std::less<>>& contracts_;
    double rate_;
    Counts& counts_;
    std::vector<Topic> books_;
    std::vector<Topic> trades_;
    std::deque<std::string> said_;
    bool over_ = false;
};

asio::awaitable<void> accept(tcp::acceptor acceptor, const std::map<std::string, Contract, std::less<>>& contracts,
                             double rate, Counts& counts) {
    for (;;) {
        auto session =
            std::make_shared<Session>(co_await acceptor.async_accept(asio::use_awaitable), contracts, rate, counts);
        asio::co_spawn(
            acceptor.get_executor(), [session] { return session->run(); }, [session](const std::exception_ptr&) {});
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: feed-player PORT FRAMES_A_SECOND < contracts\n";
        return 2;
    }
    std::map<std::string, Contract, std::less<>> contracts;
    std::mt19937_64 random(1);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        Contract contract;
        if (!(words >> contract.code >> contract.price >> contract.tick >> contract.decimals)) continue;
        contract.prepare(random);
        contracts.emplace(contract.code, std::move(contract));
    }
    asio::io_context io(1);
    Counts counts;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
    asio::co_spawn(io, accept(std::move(acceptor), contracts, std::atof(argv[2]), counts), asio::detached);
    asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
    std::cout << "listening, " << contracts.size() << " contracts" << std::endl;
    const auto began = std::chrono::steady_clock::now();
    io.run();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds_of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::cout << fmt::format("player: {} frames, {:.1f} MB in {:.0f} s; {:.1f} % of a core\n", counts.frames,
                             static_cast<double>(counts.bytes) / 1e6, took,
                             100.0 * (seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)) / took);
    return 0;
}
