#include "scanner/ranking/ranking_stream.hpp"

#include "ranking/stream/any_ranking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace scanner::ranking {
namespace {

using test::AnyRanking;
using test::difference;
using testing::HasSubstr;

const RankingOrigin kOrigin{.exchange = "somewhere", .installation = "ours"};

RankingPtr shared(Ranking ranking) {
    return std::make_shared<const Ranking>(std::move(ranking));
}

StreamNote note_of(AnyRanking& any, const StreamNote& before = {}) {
    StreamNote note = before;
    note.recorded = any.below(2) == 0;
    if (note.extras.empty() || any.below(3) == 0)
        note.extras = {std::make_shared<const std::string>(any.below(50), 'x'),
                       std::make_shared<const std::string>("source")};
    return note;
}

void expect_same(const PackedRanking& read, const PackedRanking& written) {
    EXPECT_EQ(difference(*read.ranking, *written.ranking), "");
    EXPECT_EQ(read.note.recorded, written.note.recorded);
    EXPECT_EQ(difference(read.note.extras, written.note.extras), "");
}

TEST(RankingStream, a_snapshot_is_the_ranking_in_every_member) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        AnyRanking any(seed);
        const auto packed = pack_ranking(shared(any.first(any.below(30))), note_of(any), nullptr);
        const auto read = decode_message(encode_snapshot(*packed, kOrigin), nullptr, kOrigin);
        ASSERT_TRUE(read) << read.error().message();
        expect_same(**read, *packed);
    }
}

TEST(RankingStream, deltas_one_after_the_other_are_the_rankings_in_every_member) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        AnyRanking any(seed);
        auto written = pack_ranking(shared(any.first(25)), note_of(any), nullptr);
        auto read = *decode_message(encode_snapshot(*written, kOrigin), nullptr, kOrigin);
        for (int step = 0; step < 8; ++step) {
            const auto next =
                pack_ranking(shared(any.after(*written->ranking)), note_of(any, written->note), written.get());
            const auto got = decode_message(encode_delta(*written, *next, kOrigin), read.get(), kOrigin);
            ASSERT_TRUE(got) << got.error().message();
            expect_same(**got, *next);
            // The same as from a snapshot, byte for byte.
            EXPECT_EQ(encode_snapshot(**got, kOrigin), encode_snapshot(*next, kOrigin));
            written = next;
            read = *got;
        }
    }
}

TEST(RankingStream, what_stays_is_the_same_object) {
    AnyRanking any(1);
    const auto before = pack_ranking(shared(any.first(10)), {}, nullptr);
    Ranking next = *before->ranking;
    next.sequence += 1;
    auto copy = std::make_shared<ContractSnapshot>(*next.contracts[3]);
    copy->data.ticker.last += 1;
    next.contracts[3] = copy;
    const auto after = pack_ranking(shared(std::move(next)), {}, before.get());
    const auto base = *decode_message(encode_snapshot(*before, kOrigin), nullptr, kOrigin);
    const std::string delta = encode_delta(*before, *after, kOrigin);
    const auto read = *decode_message(delta, base.get(), kOrigin);
    EXPECT_EQ(read->ranking->contracts[2], base->ranking->contracts[2]);
    EXPECT_NE(read->ranking->contracts[3], base->ranking->contracts[3]);
    EXPECT_EQ(read->ranking->contracts[3]->data.order_book, base->ranking->contracts[3]->data.order_book);
    EXPECT_EQ(read->ranking->contracts[3]->data.candles, base->ranking->contracts[3]->data.candles);
    EXPECT_LT(delta.size(), 400U) << "one price of one contract";
}

TEST(RankingStream, a_delta_of_another_ranking_is_told_apart) {
    AnyRanking any(2);
    const auto first = pack_ranking(shared(any.first(5)), {}, nullptr);
    const auto second = pack_ranking(shared(any.after(*first->ranking)), {}, first.get());
    const auto third = pack_ranking(shared(any.after(*second->ranking)), {}, second.get());
    const std::string delta = encode_delta(*second, *third, kOrigin);
    for (const PackedRanking* base : {static_cast<const PackedRanking*>(nullptr), first.get()}) {
        const auto read = decode_message(delta, base, kOrigin);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code(), core::ErrorCode::not_found) << read.error().message();
    }
    const auto head = message_head(delta);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->base, second->ranking->sequence);
    EXPECT_EQ(head->sequence, third->ranking->sequence);
}

TEST(RankingStream, refuses_a_stranger_s_and_a_newer_version_s_by_name) {
    AnyRanking any(3);
    const auto packed = pack_ranking(shared(any.first(5)), {}, nullptr);
    std::string message = encode_snapshot(*packed, {.exchange = "elsewhere", .installation = "ours"});
    const auto stranger = decode_message(message, nullptr, kOrigin);
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().code(), core::ErrorCode::conflict);
    EXPECT_THAT(stranger.error().message(), HasSubstr("elsewhere"));
    message[4] = static_cast<char>(kStreamFormat + 1);
    const auto newer = decode_message(message, nullptr, kOrigin);
    ASSERT_FALSE(newer);
    EXPECT_EQ(newer.error().code(), core::ErrorCode::invalid_input);
    EXPECT_THAT(newer.error().message(), HasSubstr("its format is 3, of a newer version"));
}

/// What format 1 wrote (at 34b222b): replicas are renewed before the scanner is.
TEST(RankingStream, messages_of_the_format_before_are_read) {
    const auto kept = [](const std::string& name) {
        std::ifstream file(SCANNER_SOURCE_DIR "/tests/ranking/stream/format-1/" + name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const auto first = decode_message(kept("whole"), nullptr, kOrigin);
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ((*first)->ranking->sequence, 799U);
    EXPECT_EQ((*first)->ranking->epoch, 742'401U);
    EXPECT_TRUE((*first)->note.recorded);
    ASSERT_EQ((*first)->ranking->contracts.size(), 3U);
    EXPECT_EQ((*first)->ranking->contract(2).data.ticker.last, 421484.9249200002);
    EXPECT_EQ((*first)->ranking->contract(2).data.order_book->bids.size(), 9U);
    EXPECT_EQ((*first)->ranking->contract(2).data.candles->size(), 8U);

    const auto second = decode_message(kept("delta"), first->get(), kOrigin);
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ((*second)->ranking->sequence, 801U);
    EXPECT_EQ((*second)->ranking->contracts.size(), 4U);
    EXPECT_EQ(*(*second)->note.extras[1], "another source");
    const auto whole = decode_message(kept("whole-after"), nullptr, kOrigin);
    ASSERT_TRUE(whole) << whole.error().message();
    expect_same(**second, **whole);
    EXPECT_EQ(encode_snapshot(**second, kOrigin), encode_snapshot(**whole, kOrigin));

    // An elected scanner of this format goes on where that one was.
    AnyRanking any(5);
    const auto next = pack_ranking(shared(any.after(*(*second)->ranking)), (*second)->note, second->get());
    const auto read = decode_message(encode_delta(**second, *next, kOrigin), second->get(), kOrigin);
    ASSERT_TRUE(read) << read.error().message();
    expect_same(**read, *next);
}

TEST(RankingStream, any_damage_is_refused) {
    AnyRanking any(4);
    const auto first = pack_ranking(shared(any.first(6)), note_of(any), nullptr);
    const auto second = pack_ranking(shared(any.after(*first->ranking)), note_of(any), first.get());
    for (const std::string& whole : {encode_snapshot(*first, kOrigin), encode_delta(*first, *second, kOrigin)}) {
        for (std::size_t at = 0; at < whole.size(); at += 1 + any.below(20)) {
            std::string damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + any.below(255)));
            EXPECT_FALSE(decode_message(damaged, first.get(), kOrigin)) << at;
            EXPECT_FALSE(decode_message(whole.substr(0, at), first.get(), kOrigin)) << at;
        }
    }
}

}  // namespace
}  // namespace scanner::ranking
