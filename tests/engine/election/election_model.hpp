#pragma once

#include "scanner/engine/election.hpp"
#include "scanner/storage/epochs.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Two scanners, a Redis, a Postgres and the scanners' spools, small enough to walk through everything that can happen.
/// The scanners decide by the program's own Election, Postgres by its own plan_epoch and accepts; what the Lua scripts
/// do is written here once more, as short as they are.
namespace scanner::test {

inline constexpr int kLeaseTicks = 4;
using std::chrono::milliseconds;

inline core::SteadyTime at(int tick) {
    return core::SteadyTime() + std::chrono::seconds(1'000) + milliseconds(tick * 1'000);
}

/// A record of history, or a message on its way to be published.
struct Record {
    storage::Author author;
    friend auto operator<=>(const Record&, const Record&) = default;
};

/// A request that will arrive at Redis, later.
struct Flight {
    enum class Kind { acquire, install, renew, publish } kind = Kind::publish;
    std::string token;
    Record record;
    friend auto operator<=>(const Flight&, const Flight&) = default;
};

struct Scanner {
    engine::Election election{milliseconds(kLeaseTicks * 1'000), at(0)};
    int attempts = 0;
    std::string token;
    std::optional<storage::LeaseClaim> claim;
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    std::vector<Record> spool;
    std::optional<Record> unanswered;  // recorded and sent: whether it was published this one does not know
    std::vector<Flight> flights;
};

struct Redis {
    std::string lease;
    int lease_until = 0;
    std::uint64_t epoch = 0;
    std::optional<storage::StreamPosition> last;
    int run = 1;
};

struct World {
    int tick = 0;
    std::array<Scanner, 2> scanners;
    Redis redis;
    std::map<std::uint64_t, storage::EpochRow> rows;  // Postgres
    // What the model knows and no part of the system does.
    std::vector<Record> published;
    std::map<std::uint64_t, int> elected;  // epoch -> the scanner that was elected in it
    std::string broken;                    // which promise
    int losses = 0;

    [[nodiscard]] std::string text() const;
};

inline void append(std::string& out, std::int64_t number) {
    out += std::to_string(number);
    out += ',';
}
inline void append(std::string& out, const Record& record) {
    append(out, static_cast<std::int64_t>(record.author.epoch));
    append(out, static_cast<std::int64_t>(record.author.sequence));
}

/// All of a world that decides what can happen next: two of the same text are one.
inline std::string World::text() const {
    std::string out;
    append(out, tick);
    for (const Scanner& scanner : scanners) {
        append(out, static_cast<int>(scanner.election.state()));
        append(out, (scanner.election.until() - at(0)).count());
        engine::Election copy = scanner.election;
        const engine::ElectionStep step = copy.next(at(tick));
        append(out, static_cast<int>(step.kind));
        append(out, (step.at - at(0)).count());
        out += scanner.token + ',';
        if (scanner.claim) {
            out += scanner.claim->run;
            append(out, static_cast<std::int64_t>(scanner.claim->epoch));
            append(out, scanner.claim->last ? static_cast<std::int64_t>(scanner.claim->last->seq) : -1);
        }
        append(out, static_cast<std::int64_t>(scanner.epoch));
        append(out, static_cast<std::int64_t>(scanner.seq));
        for (const Record& record : scanner.spool) append(out, record);
        out += '|';
        if (scanner.unanswered) append(out, *scanner.unanswered);
        out += '|';
        for (const Flight& flight : scanner.flights) {
            append(out, static_cast<int>(flight.kind));
            out += flight.token;
            append(out, flight.record);
        }
        out += '/';
    }
    out += redis.lease;
    append(out, redis.lease_until);
    append(out, static_cast<std::int64_t>(redis.epoch));
    if (redis.last) append(out, Record{{redis.last->epoch, redis.last->seq}});
    append(out, redis.run);
    for (const auto& [epoch, row] : rows) {
        append(out, static_cast<std::int64_t>(epoch));
        append(out, static_cast<std::int64_t>(row.reserved));
        append(out, static_cast<std::int64_t>(row.written));
        append(out, row.closed ? static_cast<std::int64_t>(*row.closed) : -1);
    }
    out += '#';
    for (const Record& record : published) append(out, record);
    return out;
}

enum class Outcome { answered, request_lost, answer_lost, delayed };
inline constexpr std::array kOutcomes{Outcome::answered, Outcome::request_lost, Outcome::answer_lost, Outcome::delayed};

/// One thing that happens.
struct Action {
    enum class Kind { step, publish, arrive, write, tick, lose_redis } kind = Kind::tick;
    std::size_t who = 0;
    Outcome outcome = Outcome::answered;
};

/// The world of one action later; nothing where it cannot happen.
class Walk {
public:
    explicit Walk(World world) : world_(std::move(world)) {}

    [[nodiscard]] std::optional<World> take(const Action& action) {
        switch (action.kind) {
            case Action::Kind::tick:
                ++world_.tick;
                if (world_.redis.lease_until <= world_.tick) world_.redis.lease.clear();
                break;
            case Action::Kind::lose_redis:
                if (world_.losses == 1) return std::nullopt;
                ++world_.losses;
                world_.redis = {.run = world_.redis.run + 1};
                break;
            case Action::Kind::step:
                if (!step(world_.scanners[action.who], action)) return std::nullopt;
                break;
            case Action::Kind::publish:
                if (!publish(world_.scanners[action.who], action.outcome)) return std::nullopt;
                break;
            case Action::Kind::arrive:
                if (!arrive(world_.scanners[action.who])) return std::nullopt;
                break;
            case Action::Kind::write:
                if (!write(world_.scanners[action.who])) return std::nullopt;
                break;
        }
        check();
        return world_;
    }

private:
    using Kind = engine::ElectionStep::Kind;

    core::SteadyTime now() const { return at(world_.tick); }

    bool step(Scanner& scanner, const Action& action) {
        const engine::ElectionStep due = scanner.election.next(now());
        if (due.at > now()) return false;
        const Outcome outcome = action.outcome;
        if (due.kind == Kind::step_down) {
            if (outcome != Outcome::answered) return false;
            scanner.election.stepped_down(now());
            return true;
        }
        if (due.kind == Kind::open_epoch) return open(scanner, outcome);
        if (due.kind == Kind::acquire) {
            scanner.token = std::string(1, action.who == 0 ? 'a' : 'b') + std::to_string(++scanner.attempts);
            scanner.claim.reset();
        }
        const Flight flight{.kind = due.kind == Kind::acquire   ? Flight::Kind::acquire
                                    : due.kind == Kind::install ? Flight::Kind::install
                                                                : Flight::Kind::renew,
                            .token = scanner.token,
                            .record = {{.epoch = scanner.epoch, .sequence = 0}}};
        if (outcome == Outcome::delayed) {
            if (!scanner.flights.empty()) return false;  // one at a time is enough to be too late
            scanner.flights.push_back(flight);
        }
        const bool arrives = outcome == Outcome::answered || outcome == Outcome::answer_lost;
        const bool done = arrives && run(flight);
        if (outcome != Outcome::answered) {
            scanner.election.failed(now());
        } else if (due.kind == Kind::acquire) {
            if (done) scanner.claim = claim(scanner);
            scanner.election.acquired(done, now(), now());
        } else if (!done) {
            scanner.election.refused(now());
        } else if (due.kind == Kind::install) {
            scanner.election.installed(now(), now());
            if (scanner.election.state() == engine::ElectionState::elected) elected(scanner, action.who);
        } else {
            scanner.election.renewed(now(), now());
        }
        return true;
    }

    storage::LeaseClaim claim(const Scanner& scanner) const {
        return {.token = scanner.token,
                .epoch = world_.redis.epoch,
                .last = world_.redis.last,
                .run = "r" + std::to_string(world_.redis.run)};
    }

    /// What the scripts do.
    bool run(const Flight& flight) {
        Redis& redis = world_.redis;
        switch (flight.kind) {
            case Flight::Kind::acquire:
                if (!redis.lease.empty() && redis.lease != flight.token) return false;
                redis.lease = flight.token;
                break;
            case Flight::Kind::install:
                if (redis.lease != flight.token || redis.epoch > flight.record.author.epoch) return false;
                redis.epoch = flight.record.author.epoch;
                break;
            case Flight::Kind::renew:
                if (redis.lease != flight.token) return false;
                break;
            case Flight::Kind::publish: return append_entry(flight);
        }
        redis.lease_until = world_.tick + kLeaseTicks;
        return true;
    }

    bool append_entry(const Flight& flight) {
        Redis& redis = world_.redis;
        const storage::Author& author = flight.record.author;
        if (redis.lease != flight.token || redis.epoch != author.epoch) return false;
        if (redis.last && author.sequence <= redis.last->seq) return author.sequence == redis.last->seq;
        redis.last = {.epoch = author.epoch, .seq = author.sequence};
        if (!world_.published.empty()) {
            const storage::Author& before = world_.published.back().author;
            if (author.sequence <= before.sequence || author.epoch < before.epoch)
                world_.broken = "numbers and epochs only grow";
        }
        world_.published.push_back(flight.record);
        const auto row = world_.rows.find(author.epoch);
        if (row == world_.rows.end() || !storage::accepts(&row->second, author))
            world_.broken = "what is published is not refused by Postgres";
        return true;
    }

    bool open(Scanner& scanner, Outcome outcome) {
        if (outcome == Outcome::delayed) return false;  // a transaction is done or undone while it is waited for
        if (outcome != Outcome::request_lost) {
            std::vector<storage::EpochRow> rows;
            std::uint64_t known = 0;
            for (const auto& [epoch, row] : world_.rows) rows.push_back(row);
            const storage::EpochPlan plan = storage::plan_epoch(rows, *scanner.claim, known);
            for (const auto& [epoch, closed] : plan.closings) {
                if (world_.rows[epoch].written > closed) world_.broken = "nothing was accepted beyond where it closes";
                world_.rows[epoch].closed = closed;
            }
            world_.rows[plan.opened.epoch] = plan.opened;
            if (outcome == Outcome::answered) {
                scanner.epoch = plan.opened.epoch;
                scanner.seq = plan.after;
            }
        }
        if (outcome == Outcome::answered) {
            scanner.election.opened(now());
        } else {
            scanner.election.failed(now());
        }
        return true;
    }

    void elected(const Scanner& scanner, std::size_t who) {
        const int id = static_cast<int>(who);
        const auto [found, is_new] = world_.elected.emplace(scanner.epoch, id);
        if (!is_new) world_.broken = "no epoch has two leaders";
    }

    /// A recorded ranking goes to the stream, and to the spool once that is confirmed. One that was not answered goes
    /// again before any other.
    bool publish(Scanner& scanner, Outcome outcome) {
        if (!scanner.election.may_publish(now()) || scanner.spool.size() == 3) return false;
        if (outcome == Outcome::delayed && !scanner.flights.empty()) return false;
        const bool again = scanner.unanswered && scanner.unanswered->author.epoch == scanner.epoch;
        if (scanner.unanswered && !again) return false;  // of another term: to be written or dropped first
        const Flight flight{.token = scanner.token,
                            .record = again ? *scanner.unanswered : Record{{scanner.epoch, ++scanner.seq}}};
        if (outcome == Outcome::delayed) scanner.flights.push_back(flight);
        const bool arrives = outcome == Outcome::answered || outcome == Outcome::answer_lost;
        const bool done = arrives && run(flight);
        if (outcome == Outcome::answered && done) {
            scanner.spool.push_back(flight.record);
            scanner.unanswered.reset();
        } else if (outcome != Outcome::answered) {
            scanner.unanswered = flight.record;
        } else {
            scanner.election.refused(now());
        }
        return true;
    }

    /// What was delayed arrives; nobody waits for its answer any more.
    bool arrive(Scanner& scanner) {
        if (scanner.flights.empty()) return false;
        const Flight flight = scanner.flights.front();
        scanner.flights.erase(scanner.flights.begin());
        static_cast<void>(run(flight));
        return true;
    }

    bool write(Scanner& scanner) {
        // What is in doubt waits until its epoch is closed: then Postgres knows.
        if (scanner.spool.empty() && scanner.unanswered) {
            const auto row = world_.rows.find(scanner.unanswered->author.epoch);
            if (row == world_.rows.end() || !row->second.closed) return false;
            scanner.spool.push_back(*std::exchange(scanner.unanswered, std::nullopt));
        }
        if (scanner.spool.empty()) return false;
        const Record record = scanner.spool.front();
        scanner.spool.erase(scanner.spool.begin());
        const auto row = world_.rows.find(record.author.epoch);
        if (!storage::accepts(row == world_.rows.end() ? nullptr : &row->second, record.author)) {
            if (std::ranges::find(world_.published, record) != world_.published.end())
                world_.broken = "no honest record is refused";
            return true;
        }
        if (row->second.closed && record.author.sequence > *row->second.closed)
            world_.broken = "nothing is accepted beyond where an epoch was closed";
        // Redis knew all along what it had published.
        if (world_.losses == 0 && std::ranges::find(world_.published, record) == world_.published.end())
            world_.broken = "nothing is accepted that was not published";
        row->second.written = std::max(row->second.written, record.author.sequence);
        return true;
    }

    void check() {
        if (world_.losses > 0) return;
        int leaders = 0;
        for (const Scanner& scanner : world_.scanners) leaders += scanner.election.may_publish(now()) ? 1 : 0;
        if (leaders > 1) world_.broken = "two may publish at one time";
    }

    World world_;
};

inline std::vector<Action> every_action() {
    std::vector<Action> actions{{.kind = Action::Kind::tick}, {.kind = Action::Kind::lose_redis}};
    for (std::size_t who = 0; who < 2; ++who) {
        for (const Outcome outcome : kOutcomes) {
            actions.push_back({.kind = Action::Kind::step, .who = who, .outcome = outcome});
            actions.push_back({.kind = Action::Kind::publish, .who = who, .outcome = outcome});
        }
        actions.push_back({.kind = Action::Kind::arrive, .who = who});
        actions.push_back({.kind = Action::Kind::write, .who = who});
    }
    return actions;
}

}  // namespace scanner::test
