/// A crowd of subscribers in one process: WebSockets on /stream/rankings and Server-Sent Events on /stream/events, some
/// of which never read. Tells how long frames took to arrive (a frame carries the time it was made), whether any were
/// missed, who was cut off, and what the server's memory did. Plain sockets and epoll: the load must not cost more than
/// what it loads.
#include "stream_subscriber.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using std::chrono::milliseconds;
using stream_load::Clock;
using stream_load::Subscriber;
using stream_load::Totals;

struct Options {
    std::uint16_t port = 8010;
    int websockets = 2'000;
    int events = 500;
    int stuck = 100;  ///< of them; every tenth or so of each kind
    int seconds = 60;
    int pid = 0;  ///< of the server, for its memory; 0: not looked at
    std::string query;
    bool help = false;
};

bool read_number(std::string_view text, int& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

std::optional<Options> parse(int count, char** arguments) {
    Options options;
    int port = options.port;
    for (int i = 1; i < count; ++i) {
        const std::string_view name = arguments[i];
        if (name == "--help") {
            options.help = true;
            continue;
        }
        if (i + 1 == count) return std::nullopt;
        const std::string_view value = arguments[++i];
        const bool known = name == "--port"         ? read_number(value, port)
                           : name == "--websockets" ? read_number(value, options.websockets)
                           : name == "--events"     ? read_number(value, options.events)
                           : name == "--stuck"      ? read_number(value, options.stuck)
                           : name == "--seconds"    ? read_number(value, options.seconds)
                           : name == "--pid"        ? read_number(value, options.pid)
                           : name == "--query"      ? (options.query = value, true)
                                                    : false;
        if (!known) return std::nullopt;
    }
    if (port == 0 || port > 65'535 || options.stuck > options.websockets + options.events) return std::nullopt;
    options.port = static_cast<std::uint16_t>(port);
    return options;
}

// -- what the operating system says of the server --------------------------------------------------------------------

double resident_kib(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6);
    }
    return 0.0;
}

double cpu_seconds(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return 0.0;
    std::size_t at = name_end + 2;
    for (int field = 3; field < 14; ++field) at = text.find(' ', at) + 1;
    char* rest = nullptr;
    const double user = std::strtod(text.c_str() + at, &rest);
    return (user + std::strtod(rest, nullptr)) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// -- the crowd -------------------------------------------------------------------------------------------------------

class Crowd {
public:
    explicit Crowd(Options options) : options_(std::move(options)), epoll_(::epoll_create1(0)) {}
    ~Crowd() { ::close(epoll_); }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    bool connect_all() {
        const int count = options_.websockets + options_.events;
        for (int i = 0; i < count; ++i) {
            const bool websocket = i < options_.websockets;
            // Spread over both kinds: each one that makes the share of stuck ones step up.
            const auto due = [&](int n) { return static_cast<long>(n) * options_.stuck / count; };
            if (!connect_one(websocket, due(i + 1) > due(i))) return false;
            while (connected_ + 64 <= i) {  // not more than so many handshakes at a time
                if (!turn(milliseconds(5'000))) return false;
            }
        }
        while (connected_ < count) {
            if (!turn(milliseconds(5'000))) return false;
        }
        return true;
    }

    void run_for(Clock::duration duration) {
        const auto end = Clock::now() + duration;
        while (Clock::now() < end) {
            static_cast<void>(turn(
                std::chrono::ceil<milliseconds>(std::min<Clock::duration>(end - Clock::now(), milliseconds(100)))));
        }
    }

    [[nodiscard]] Totals& totals() { return totals_; }

private:
    bool connect_one(bool websocket, bool stuck) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(options_.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            std::fprintf(stderr, "stream-load: connection %zu: %s\n", subscribers_.size() + 1, std::strerror(errno));
            return false;
        }
        std::string request = websocket ? "GET /stream/rankings" : "GET /stream/events";
        if (!options_.query.empty()) request += '?' + options_.query;
        request += " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
        if (websocket) {
            request +=
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        }
        request += "\r\n";
        if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
            return false;
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        subscribers_.push_back(std::make_unique<Subscriber>(fd, websocket, stuck));
        epoll_event event{};
        event.events = EPOLLIN | EPOLLRDHUP;
        event.data.ptr = subscribers_.back().get();
        return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
    }

    /// False when nothing happened in time.
    bool turn(milliseconds wait) {
        std::array<epoll_event, 512> events{};
        const int count =
            ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(wait.count()));
        for (int i = 0; i < count; ++i) {
            auto& subscriber = *static_cast<Subscriber*>(events[static_cast<std::size_t>(i)].data.ptr);
            serve(subscriber, events[static_cast<std::size_t>(i)].events);
        }
        return count > 0;
    }

    void serve(Subscriber& subscriber, std::uint32_t happened) {
        const bool was_open = subscriber.open();
        if (subscriber.stuck() && was_open) {
            if ((happened & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0) end(subscriber);
            return;
        }
        const ssize_t count = ::recv(subscriber.fd(), buffer_.data(), buffer_.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        const bool fine = count > 0 && subscriber.take({buffer_.data(), static_cast<std::size_t>(count)}, totals_);
        if (!fine) {
            end(subscriber);
            return;
        }
        if (was_open || !subscriber.open()) return;
        ++connected_;
        if (subscriber.stuck()) watch(subscriber, EPOLLRDHUP);  // from now on it does not read
    }

    void watch(Subscriber& subscriber, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        event.data.ptr = &subscriber;
        ::epoll_ctl(epoll_, EPOLL_CTL_MOD, subscriber.fd(), &event);
    }

    void end(Subscriber& subscriber) {
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, subscriber.fd(), nullptr);
        if (std::exchange(subscriber.over, true)) return;
        if (!subscriber.open()) ++connected_;  // it will not become one
        if (subscriber.stuck()) {
            ++totals_.cut_off;
            totals_.last_cut_off_sec = std::chrono::duration<double>(Clock::now() - totals_.began).count();
        } else {
            ++totals_.closed;
        }
    }

    Options options_;
    int epoll_;
    int connected_ = 0;
    Totals totals_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::vector<char> buffer_ = std::vector<char>(256U << 10U);
};

void allow_many_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Options& options) {
    allow_many_files();
    const int subscribers = options.websockets + options.events;
    const double before_kib = resident_kib(options.pid);
    Crowd crowd(options);
    const auto began = Clock::now();
    if (!crowd.connect_all()) {
        std::fprintf(stderr, "stream-load: not all could connect\n");
        return 1;
    }
    std::printf("connected      %d WebSockets, %d event streams (%d of them will not read) in %.2f s\n",
                options.websockets, options.events, options.stuck,
                std::chrono::duration<double>(Clock::now() - began).count());
    crowd.run_for(milliseconds(3'000));  // all have had a frame
    Totals& totals = crowd.totals();
    totals.measuring = true;
    totals.began = Clock::now();
    const double connected_kib = resident_kib(options.pid);
    const double cpu_before = cpu_seconds(options.pid);
    const std::uint64_t bytes_before = totals.bytes;
    double peak_kib = connected_kib;
    double half_way_kib = connected_kib;
    for (int second = 0; second < options.seconds; ++second) {
        crowd.run_for(milliseconds(1'000));
        const double now_kib = resident_kib(options.pid);
        peak_kib = std::max(peak_kib, now_kib);
        if (second == options.seconds / 2) half_way_kib = now_kib;
    }
    const auto healthy = static_cast<double>(subscribers - options.stuck);
    const double frames = static_cast<double>(totals.delivery_ms.total()) / std::max(healthy, 1.0);
    const double bytes = static_cast<double>(totals.bytes - bytes_before);
    std::printf("frames         %.1f each in %d s, %.1f kB a frame\n", frames, options.seconds,
                bytes / 1000.0 / static_cast<double>(std::max<std::uint64_t>(totals.delivery_ms.total(), 1)));
    std::printf("order          %llu missed, %llu out of order, %d healthy ones ended\n",
                static_cast<unsigned long long>(totals.gaps), static_cast<unsigned long long>(totals.out_of_order),
                totals.closed);
    std::printf("delivery       p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, max %.1f ms\n",
                totals.delivery_ms.quantile(0.5), totals.delivery_ms.quantile(0.9), totals.delivery_ms.quantile(0.99),
                totals.delivery_ms.quantile(0.999), totals.delivery_ms.longest());
    std::printf("stuck          %d of %d cut off, the last after %.1f s\n", totals.cut_off, options.stuck,
                totals.last_cut_off_sec);
    if (options.pid == 0) return 0;
    std::printf(
        "memory         %.0f KiB before, %.0f connected (%.2f KiB a subscriber), %.0f half way, %.0f at the end, "
        "%.0f at most\n",
        before_kib, connected_kib, (connected_kib - before_kib) / std::max(subscribers, 1), half_way_kib,
        resident_kib(options.pid), peak_kib);
    std::printf("processor      %.1f %% of one core\n",
                100.0 * (cpu_seconds(options.pid) - cpu_before) / std::max(options.seconds, 1));
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    const auto options = parse(count, arguments);
    if (!options || options->help) {
        std::fprintf(options ? stdout : stderr,
                     "Usage: stream-load --port N [--websockets 2000] [--events 500] [--stuck 100] [--seconds 60]\n"
                     "                   [--query top=12] [--pid PID]   (of the server, for its memory)\n");
        return options ? 0 : 2;
    }
    return run(*options);
}
