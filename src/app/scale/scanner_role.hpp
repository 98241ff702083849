#pragma once

#include "app/stores.hpp"

#include "scanner/api/scale.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/log.hpp"
#include "scanner/engine/election_loop.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/engine/ranking_follower.hpp"
#include "scanner/engine/ranking_publisher.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/task_group.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace scanner::app {

/// SCANNER_ROLE=scanner: stands by, cold to the exchange, and shows what the elected one publishes; scans and publishes
/// while it is elected itself. The engine's board is the one that both are shown on. History gets its recorded rankings
/// once Redis has confirmed them; one of which that is not known when the term ends waits until a later epoch is there,
/// when the database knows where this one ended and takes it or not. Loop thread only.
class ScannerRole {
public:
    struct Hooks {
        /// Before each term, while it is this process' already: what has to be asked of the exchange and the stores.
        std::function<boost::asio::awaitable<void>()> prepare;
        /// At the end of each, as long as what is kept for the next one may still be written. Seconds at most.
        std::function<boost::asio::awaitable<void>()> hand_over;
        /// When nothing of it is scanned any more.
        std::function<void()> ended;
    };

    /// `settings`, `clock`, `engine` and `stores` must outlive it. To be made before anything else listens to the
    /// board: what follows a ranking is written in its name.
    ScannerRole(const boost::asio::any_io_executor& executor, const settings::Settings& settings,
                const core::Clock& clock, engine::Engine& engine, Stores& stores, Hooks hooks);

    /// Called with each ranking of this process' own that has been published: as Redis confirmed it, or without Redis
    /// as it was shown. To be set once, before `run`.
    void on_led(std::function<void(const ranking::RankingPtr&)> callback) { on_led_ = std::move(callback); }

    /// Until stopped. Run it once, when the stores are open.
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// Ends `run`: what has been made is published, and the lease given back.
    void stop();
    /// Until `run` has ended, at most so long.
    [[nodiscard]] boost::asio::awaitable<void> ended(std::chrono::milliseconds grace);

    /// Whether this process made it, in the term that goes on.
    [[nodiscard]] bool leads(const ranking::Ranking& ranking) const { return term_ != 0 && ranking.epoch == term_; }
    /// The epoch, while this process is elected; 0 otherwise.
    [[nodiscard]] std::uint64_t term() const { return term_; }
    /// Of this process, while it is elected.
    [[nodiscard]] const std::optional<storage::Leadership>& leadership() const { return leadership_; }
    [[nodiscard]] api::ScaleStatus status() const;

private:
    [[nodiscard]] std::uint64_t shown() const;
    void begin(const storage::Leadership& leadership, std::uint64_t after);
    [[nodiscard]] boost::asio::awaitable<void> scan();
    [[nodiscard]] boost::asio::awaitable<void> end();
    void publish(const ranking::RankingPtr& ranking, bool recorded);
    void lead_with(const ranking::RankingPtr& ranking);
    void keep(const ranking::RankingPtr& ranking, bool published);
    void note_epoch(std::uint64_t epoch);
    void stand_by(const std::string& why);

    const settings::Settings& settings_;
    engine::Engine& engine_;
    Stores& stores_;
    Hooks hooks_;
    std::function<void(const ranking::RankingPtr&)> on_led_;
    std::unique_ptr<engine::RankingFollower> follower_;    ///< nullptr without Redis
    std::unique_ptr<engine::RankingPublisher> publisher_;  ///< the same
    std::unique_ptr<engine::ElectionLoop> election_;
    std::uint64_t term_ = 0;                         ///< the epoch, while this process is elected
    std::optional<storage::Leadership> leadership_;  ///< of `term_`
    std::uint64_t own_epoch_ = 0;                    ///< of the last term of this process
    std::uint64_t known_epoch_ = 0;                  ///< the highest that was begun here or shown
    /// Of the term that ended last, which may have been published: one or none, since it is sent before any other.
    ranking::RankingPtr doubtful_;
    bool scanning_ = false;
    bool stopping_ = false;
    bool running_ = false;
    net::Event changed_;
    net::TaskGroup tasks_;  ///< last: they use all of the above
};

}  // namespace scanner::app
