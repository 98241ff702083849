#include "storage/history/sql_episode_ledger.hpp"

#include "storage/history/episodes_sql.hpp"

#include <string>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;

core::Error no_such_episode() {
    return {core::ErrorCode::not_found, "there is no such episode"};
}

/// What a disposition came to: whether it was written, and the episode as it is then.
struct Judged {
    bool written = false;
    std::optional<Episode> episode;
};

}  // namespace

void SqlEpisodeLedger::record_episodes(std::vector<EpisodeRecord> episodes) {
    if (episodes.empty()) return;
    HistoryBatch batch;
    batch.episodes = std::move(episodes);
    record_(std::move(batch));
}

asio::awaitable<core::Result<EpisodesPage>> SqlEpisodeLedger::episodes(EpisodesQuery query) {
    if (query.limit < 1 || query.limit > kMaxEpisodeRows) {
        co_return core::fail(core::ErrorCode::invalid_input, "limit: expected 1 to " + std::to_string(kMaxEpisodeRows));
    }
    std::function<EpisodesPage(SqlSession&)> work = [query](SqlSession& session) {
        return read_episodes(session, query);
    };
    co_return co_await link_.read<EpisodesPage>(std::move(work));
}

asio::awaitable<core::Result<Episode>> SqlEpisodeLedger::episode(std::string id) {
    std::function<std::optional<Episode>(SqlSession&)> work = [id](SqlSession& session) {
        return read_episode(session, id);
    };
    auto found = co_await link_.read<std::optional<Episode>>(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    if (!*found) co_return std::unexpected(no_such_episode());
    co_return std::move(**found);
}

asio::awaitable<core::Result<Episode>> SqlEpisodeLedger::judge(std::string id, Disposition disposition,
                                                               std::optional<std::int64_t> expected) {
    std::function<Judged(SqlSession&)> work = [id, disposition, expected](SqlSession& session) {
        Judged judged;
        judged.written = write_disposition(session, id, disposition, expected);
        judged.episode = read_episode(session, id);
        return judged;
    };
    auto judged = co_await link_.read<Judged>(std::move(work));
    if (!judged) co_return std::unexpected(judged.error());
    if (!judged->episode) co_return std::unexpected(no_such_episode());
    if (!judged->written) {
        co_return core::fail(core::ErrorCode::conflict, "another disposition came first");
    }
    co_return std::move(*judged->episode);
}

asio::awaitable<core::Result<std::vector<FlagDispositions>>> SqlEpisodeLedger::dispositions(core::WallTime from,
                                                                                            core::WallTime to) {
    std::function<std::vector<FlagDispositions>(SqlSession&)> work = [from, to](SqlSession& session) {
        return read_dispositions(session, from, to);
    };
    co_return co_await link_.read<std::vector<FlagDispositions>>(std::move(work));
}

}  // namespace scanner::storage
