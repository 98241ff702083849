#include "storage/history/history_sql.hpp"
#include "storage/spool/batch_codec.hpp"
#include "storage/store_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

EpisodeRecord episode(const std::string& code, const std::string& flag, core::WallTime start,
                      std::uint64_t revision = 1) {
    EpisodeRecord record;
    record.id = code + "-USDT." + flag + "." + std::to_string(core::to_unix_ms(start));
    record.revision = revision;
    record.symbol = code + "/USDT:USDT";
    record.flag = flag;
    record.kind = "simulated";
    record.phase = "under_way";
    record.start = start;
    record.probability = 0.25;
    record.severity = 61.5;
    record.simulated = true;
    record.details_json = R"({"evidence":[{"name":"activity","value":2.5,"threshold":1.5,"unit":"x"},7,{"value":"?"}],)"
                          R"("price":3.25,"repetitions":2,"trades":-1})";
    return record;
}

std::vector<std::string> ids_of(const EpisodesPage& page) {
    std::vector<std::string> ids;
    for (const Episode& row : page.rows) ids.push_back(row.record.id);
    return ids;
}

class Ledger : public EitherStore {
protected:
    Ledger() { open_store(); }
    EpisodeLedger& ledger() { return store_->episode_ledger(); }
    void record(std::vector<EpisodeRecord> episodes) {
        ledger().record_episodes(std::move(episodes));
        ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; })) << store_->status().last_error;
    }
    EpisodesPage read(EpisodesQuery query = {}) {
        auto page = await(ledger().episodes(std::move(query)));
        EXPECT_TRUE(page) << page.error().message();
        return page ? std::move(*page) : EpisodesPage();
    }
    Episode one(const std::string& id) {
        auto found = await(ledger().episode(id));
        EXPECT_TRUE(found) << found.error().message();
        return found ? std::move(*found) : Episode();
    }
};

TEST_P(Ledger, keeps_the_newest_state_of_an_episode_whatever_comes_late_or_twice) {
    EpisodeRecord first = episode("BTC", "pump_ignition", kStart, 10);
    EpisodeRecord ended = first;
    ended.revision = 12;
    ended.phase = "over";
    ended.end = kStart + minutes(3);
    ended.probability = 0.5;
    ended.context_json = R"({"trades":[]})";
    EpisodeRecord late = first;
    late.revision = 11;
    record({first});
    EXPECT_FALSE(one(first.id).record.end);
    record({ended, late});  // of one write: an upsert must not meet a key twice
    record({first});        // a spool from before, read again
    const Episode kept = one(first.id);
    EXPECT_EQ(kept.record.phase, "over");
    EXPECT_EQ(kept.record.end, kStart + minutes(3));
    EXPECT_EQ(kept.record.probability, 0.5);
    EXPECT_EQ(kept.record.revision, 12U);
    EXPECT_EQ(kept.record.start, kStart);
    EXPECT_TRUE(kept.record.simulated);
    EXPECT_THAT(kept.record.details_json, testing::HasSubstr("activity")) << "an end that is made up later repeats it";
    ASSERT_EQ(kept.details.evidence.size(), 2U) << "what is no evidence is left out";
    EXPECT_EQ(kept.details.evidence[0].name, "activity");
    EXPECT_EQ(kept.details.evidence[0].value, 2.5);
    EXPECT_EQ(kept.details.evidence[0].threshold, 1.5);
    EXPECT_EQ(kept.details.evidence[1].threshold, std::nullopt);
    EXPECT_EQ(kept.details.price, 3.25);
    EXPECT_EQ(kept.details.repetitions, 2U);
    EXPECT_EQ(kept.details.trades, 0U) << "no count";
    EXPECT_THAT(kept.record.context_json, testing::HasSubstr("trades"));
    EXPECT_EQ(read().rows.size(), 1U);

    EpisodeRecord without_context = ended;
    without_context.revision = 13;
    without_context.context_json.clear();
    record({without_context});
    EXPECT_THAT(one(first.id).record.context_json, testing::HasSubstr("trades")) << "what was kept stays";
    EXPECT_TRUE(read().rows[0].record.context_json.empty()) << "lists are without it";
}

TEST_P(Ledger, is_paged_newest_first_and_filtered) {
    std::vector<EpisodeRecord> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(episode(i % 2 == 0 ? "BTC" : "ETH", i < 2 ? "scam_wick" : "pump_ignition", kStart + minutes(i)));
        if (i != 3) all.back().end = kStart + minutes(i + 1);
    }
    all.push_back(episode("SOL", "scam_wick", kStart));  // at the time of another
    record(all);

    EpisodesQuery pages;
    pages.limit = 2;
    std::vector<std::string> seen;
    for (int turn = 0; turn < 4; ++turn) {
        const EpisodesPage page = read(pages);
        for (const std::string& id : ids_of(page)) seen.push_back(id);
        pages.cursor = page.next;
        if (page.next.empty()) break;
    }
    EXPECT_THAT(seen, ElementsAre(all[4].id, all[3].id, all[2].id, all[1].id, all[5].id, all[0].id));
    pages.cursor = "nonsense";
    EXPECT_EQ(await(ledger().episodes(pages)).error().code(), core::ErrorCode::invalid_input);

    EXPECT_THAT(ids_of(read({.symbol = "ETH/USDT:USDT"})), ElementsAre(all[3].id, all[1].id));
    EXPECT_THAT(ids_of(read({.flag = "scam_wick"})), ElementsAre(all[1].id, all[5].id, all[0].id));
    EXPECT_THAT(ids_of(read({.status = EpisodeStatus::open})), ElementsAre(all[3].id, all[5].id));
    EXPECT_THAT(ids_of(read({.from = kStart + minutes(1), .to = kStart + minutes(3)})),
                ElementsAre(all[2].id, all[1].id));
}

TEST_P(Ledger, takes_what_the_operator_says_and_keeps_it_when_the_episode_goes_on) {
    const EpisodeRecord begun = episode("BTC", "pump_ignition", kStart);
    record({begun});
    const auto judge = [&](EpisodeVerdict verdict, std::optional<std::int64_t> expected, const std::string& note = "") {
        return await(ledger().judge(begun.id, {.verdict = verdict, .note = note, .at = kStart + minutes(5)}, expected));
    };
    EXPECT_EQ(judge(EpisodeVerdict::benign, 3).error().code(), core::ErrorCode::conflict);
    const auto first = judge(EpisodeVerdict::benign, 0, "a listing");
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(first->disposition->note, "a listing");
    EXPECT_EQ(first->disposition->version, 1);
    EXPECT_EQ(judge(EpisodeVerdict::unsure, 0).error().code(), core::ErrorCode::conflict);
    ASSERT_TRUE(judge(EpisodeVerdict::manipulation, std::nullopt));
    EpisodeRecord ended = begun;
    ended.revision = 2;
    ended.end = kStart + minutes(9);
    record({ended});
    const Episode now = one(begun.id);
    EXPECT_EQ(now.record.end, kStart + minutes(9));
    ASSERT_TRUE(now.disposition);
    EXPECT_EQ(now.disposition->verdict, EpisodeVerdict::manipulation);
    EXPECT_EQ(now.disposition->version, 2);
    EXPECT_EQ(now.disposition->at, kStart + minutes(5));

    EXPECT_EQ(await(ledger().episode("BTC-USDT.pump_ignition.1")).error().code(), core::ErrorCode::not_found);
    EXPECT_EQ(await(ledger().judge("nothing", {}, std::nullopt)).error().code(), core::ErrorCode::not_found);

    EpisodeRecord other = episode("ETH", "pump_ignition", kStart + minutes(1));
    record({other, episode("SOL", "pump_ignition", kStart + minutes(2))});
    ASSERT_TRUE(await(ledger().judge(other.id, {.verdict = EpisodeVerdict::benign, .at = kStart}, 0)));
    const auto judged = await(ledger().dispositions(kStart - days(1), kStart + days(1)));
    ASSERT_TRUE(judged);
    ASSERT_EQ(judged->size(), 1U);
    EXPECT_EQ(judged->front().flag, "pump_ignition");
    EXPECT_EQ(judged->front().manipulation, 1U);
    EXPECT_EQ(judged->front().benign, 1U);
    EXPECT_THAT(*await(ledger().dispositions(kStart + days(1), kStart + days(2))), IsEmpty());
}

TEST_P(Ledger, waits_in_the_spool_for_the_next_start) {
    const EpisodeRecord begun = episode("BTC", "scam_wick", kStart);
    ledger().record_episodes({begun});
    reopen_store();
    ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; })) << store_->status().last_error;
    EXPECT_THAT(ids_of(read()), ElementsAre(begun.id));
}

INSTANTIATE_TEST_SUITE_P(Databases, Ledger, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres),
                         database_name);

}  // namespace
}  // namespace scanner::storage
