#pragma once

#include "scanner/api/replay_control.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/episodes.hpp"
#include "scanner/storage/history.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// The store of a replay as it stood at the replay's time: what came later in the recording is there already, and not
/// shown. All of these: loop thread only; `inner` and `clock` must outlive them.
namespace scanner::app {

/// Bars that are not over yet are left out whole.
class HistoryThen final : public storage::History {
public:
    HistoryThen(storage::History& inner, const core::Clock& clock) : inner_(inner), clock_(clock) {}

    /// `token` is let go once the next batch has been made, on the store's thread.
    void hold(std::shared_ptr<void> token) { token_ = std::move(token); }

    using History::record;
    void record(std::function<storage::HistoryBatch()> make) override;
    [[nodiscard]] std::uint64_t last_sequence() const override { return inner_.last_sequence(); }
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::RankingsPage>> rankings(
        storage::RankingsQuery query) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<std::optional<storage::RankingAsOf>>> ranking_as_of(
        core::WallTime time, std::string profile) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::BarsPage>> bars(storage::BarsQuery query) override;

private:
    storage::History& inner_;
    const core::Clock& clock_;
    std::shared_ptr<void> token_;
};

/// What was marked on the way, bounded: the first kMax.
class ReplayMarks {
public:
    static constexpr std::size_t kMax = 5'000;
    void add(api::ReplayMark mark);
    /// By time.
    [[nodiscard]] const std::vector<api::ReplayMark>& all() const { return marks_; }
    [[nodiscard]] bool full() const { return marks_.size() >= kMax; }

private:
    std::vector<api::ReplayMark> marks_;
};

/// The documents that alerts go by: those of the recording, and the replay's own, which take the place of those of the
/// same name. Changes go to the replay's own.
class DocumentsThen final : public storage::DocumentStore {
public:
    /// `inner` must live as long as this.
    explicit DocumentsThen(storage::DocumentStore& inner);

    /// As they were from here on.
    void show_recorded(storage::OperatorDocuments documents);
    /// As before the first of them.
    void forget_recorded();

    [[nodiscard]] storage::OperatorDocumentsPtr documents() const override { return shown_; }
    void subscribe(std::function<void(const storage::OperatorDocumentsPtr&)> listener) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::OperatorDocumentsPtr>> refresh() override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::OperatorSettings>> put_settings(
        storage::OperatorSettings settings, Expected expected) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::Watchlist>> put_watchlist(storage::Watchlist watchlist,
                                                                                         Expected expected) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> delete_watchlist(std::string name,
                                                                              Expected expected) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::ProfilePreset>> put_preset(storage::ProfilePreset preset,
                                                                                          Expected expected) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> delete_preset(std::string name,
                                                                           Expected expected) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::AlertRule>> put_rule(storage::AlertRule rule,
                                                                                    Expected expected) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> delete_rule(std::string name, Expected expected) override;

private:
    void merge();

    storage::DocumentStore& inner_;
    storage::OperatorDocuments recorded_;
    storage::OperatorDocumentsPtr shown_;
    std::vector<std::function<void(const storage::OperatorDocumentsPtr&)>> listeners_;
};

class AlertsThen final : public storage::AlertArchive {
public:
    AlertsThen(storage::AlertArchive& inner, const core::Clock& clock, ReplayMarks& marks)
        : inner_(inner), clock_(clock), marks_(marks) {}

    void record_alerts(std::vector<storage::AlertRecord> alerts) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::AlertsPage>> alerts(storage::AlertsQuery query) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::DeadLetter>> add_dead_letter(
        storage::DeadLetter letter) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<std::vector<storage::DeadLetter>>> dead_letters(
        std::size_t limit) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> delete_dead_letter(std::int64_t id) override;

private:
    storage::AlertArchive& inner_;
    const core::Clock& clock_;
    ReplayMarks& marks_;
};

/// An episode that ended later is shown as under way.
class EpisodesThen final : public storage::EpisodeLedger {
public:
    EpisodesThen(storage::EpisodeLedger& inner, const core::Clock& clock, ReplayMarks& marks)
        : inner_(inner), clock_(clock), marks_(marks) {}

    void record_episodes(std::vector<storage::EpisodeRecord> episodes) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::EpisodesPage>> episodes(
        storage::EpisodesQuery query) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::Episode>> episode(std::string id) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<storage::Episode>> judge(
        std::string id, storage::Disposition disposition, std::optional<std::int64_t> expected) override;
    [[nodiscard]] boost::asio::awaitable<core::Result<std::vector<storage::FlagDispositions>>> dispositions(
        core::WallTime from, core::WallTime to) override;

private:
    void show_then(storage::Episode& episode) const;

    storage::EpisodeLedger& inner_;
    const core::Clock& clock_;
    ReplayMarks& marks_;
    std::set<std::string> marked_;
};

}  // namespace scanner::app
