#include "ranking/stream/fields.hpp"
#include "ranking/stream/parts.hpp"

#include "scanner/ranking/scoring.hpp"

#include <algorithm>
#include <utility>

namespace scanner::ranking {
namespace {

PackedBytes shared_bytes(PackWriter& pack) {
    return std::make_shared<const std::string>(pack.take());
}

/// What was there before, where it is the same: so that the same bytes are the same object.
PackedBytes kept(const PackedBytes& before, PackedBytes fresh) {
    return before != nullptr && *before == *fresh ? before : std::move(fresh);
}

template <class... T>
PackedBytes packed(const T&... values) {
    PackWriter pack;
    pack(values...);
    return shared_bytes(pack);
}

PackedBytes prices_of(const market::MarketData& data) {
    return packed(data.ticker, data.funding_rate, data.open_interest, data.index_price, data.data_time,
                  data.fetch_latency_ms, data.closed_candles);
}

PackedBytes numbers_of(const signals::ContractNumbers& numbers) {
    PackWriter pack;
    const signals::Edges no_edges;
    write_numbers(pack, Owner::contract, {numbers, no_edges}, numbers.unknown);
    return shared_bytes(pack);
}

PackedBytes manipulation_of(const signals::ContractNumbers& numbers) {
    PackWriter pack;
    visit_literals(numbers.manipulation.manip_flags, pack);
    pack(numbers.manipulation.contributions, numbers.manipulation.probability, numbers.manipulation.flag_details,
         numbers.detection.quarantined, numbers.detection.verdict != nullptr);
    if (numbers.detection.verdict != nullptr) pack(*numbers.detection.verdict);
    return shared_bytes(pack);
}

/// Missing and empty are two things, here and for candles.
PackedBytes book_of(const market::OrderBook* book) {
    PackWriter pack;
    pack(book != nullptr);
    if (book != nullptr) pack(*book);
    return shared_bytes(pack);
}

PackedBytes candles_of(const std::vector<market::Candle>* candles) {
    PackWriter pack;
    pack(candles != nullptr);
    if (candles != nullptr) pack(*candles);
    return shared_bytes(pack);
}

/// `old`, `parts_before`: the same contract before, both or neither nullptr.
ContractParts parts_of(const ContractSnapshot& snapshot, const ContractSnapshot* old,
                       const ContractParts* parts_before) {
    ContractParts parts;
    if (parts_before != nullptr) parts = *parts_before;
    if (&snapshot == old) return parts;
    const market::MarketData& data = snapshot.data;
    parts.code = data.contract->contract_code;
    const auto take = [&parts](Part part, PackedBytes bytes) { parts[part] = kept(parts[part], std::move(bytes)); };
    if (old == nullptr || old->data.contract != data.contract) take(Part::contract, packed(*data.contract));
    if (old == nullptr || old->data.order_book != data.order_book) take(Part::book, book_of(data.order_book.get()));
    if (old == nullptr || old->data.candles != data.candles) take(Part::candles, candles_of(data.candles.get()));
    take(Part::prices, prices_of(data));
    take(Part::inputs, packed(data.inputs));
    take(Part::numbers, numbers_of(snapshot.numbers));
    take(Part::manipulation, manipulation_of(snapshot.numbers));
    take(Part::notes, packed(snapshot.spread_history, snapshot.notes));
    return parts;
}

PackedBytes head_of(const Ranking& ranking, const StreamNote& note) {
    return packed(ranking.sequence, ranking.time, ranking.next_scan_at, ranking.cycle_ms, ranking.requests,
                  ranking.has_flow, ranking.settings, ranking.epoch, note.recorded);
}

PackedBytes profiles_of(const Ranking& ranking) {
    PackWriter pack;
    pack.whole(ranking.profiles.size());
    for (const signals::Profile& profile : ranking.profiles) {
        pack(profile.name);
        for (const signals::WeightField& field : signals::weight_fields()) pack(profile.weights.*field.member);
    }
    return shared_bytes(pack);
}

PackedBytes edges_of(const Ranking& ranking) {
    PackWriter pack;
    const signals::ContractNumbers no_numbers;
    for (const signals::Edges& edges : ranking.edges)
        write_numbers(pack, Owner::edges, {no_numbers, edges}, edges.unknown);
    return shared_bytes(pack);
}

PackedBytes flow_of(const Ranking& ranking) {
    PackWriter pack;
    const signals::ContractNumbers no_numbers;
    const signals::Edges no_edges;
    pack.whole(ranking.flow.size());
    for (const FlowNumbersPtr& flow : ranking.flow) {
        pack(flow != nullptr);
        if (flow != nullptr) write_numbers(pack, Owner::flow, {no_numbers, no_edges, flow.get()}, {});
    }
    return shared_bytes(pack);
}

/// The order first, then what each entry has by contract: so the numbers of a contract whose rank changes stay where
/// they were, and compress well against those of the ranking before.
PackedBytes ranked_of(const Ranking& ranking) {
    PackWriter pack;
    pack.whole(ranking.ranked.size());
    for (const auto& [profile, entries] : ranking.ranked) {
        pack(profile);
        pack.whole(entries.size());
        std::vector<const RankedEntry*> by_contract;
        for (const RankedEntry& entry : entries) {
            pack(entry.contract);
            by_contract.push_back(&entry);
        }
        std::ranges::sort(by_contract, {}, &RankedEntry::contract);
        for (const RankedEntry* const entry : by_contract) pack(entry->rank, entry->rank_raw, entry->rank_delta);
        for (const RankedEntry* const entry : by_contract) pack(entry->score);
        for (const signals::ComponentField& field : signals::component_fields()) {
            for (const RankedEntry* const entry : by_contract) pack(entry->components.*field.member);
        }
    }
    return shared_bytes(pack);
}

PartsMessage message_of(const PackedRanking& ranking, std::uint64_t base, const RankingOrigin& origin) {
    return {.origin = origin,
            .head = {.sequence = ranking.ranking->sequence, .base = base, .epoch = ranking.ranking->epoch}};
}

}  // namespace

PackedRankingPtr pack_ranking(RankingPtr ranking, StreamNote note, const PackedRanking* before) {
    RankingParts parts;
    const RankingParts* const old = before == nullptr ? nullptr : before->parts.get();
    const auto block = [&](PackedBytes bytes) {
        const std::size_t at = parts.blocks.size();
        const bool has_old = old != nullptr && at < old->blocks.size();
        parts.blocks.push_back(has_old ? kept(old->blocks[at], std::move(bytes)) : std::move(bytes));
    };
    block(packed(own_schema()));
    block(head_of(*ranking, note));
    block(profiles_of(*ranking));
    block(edges_of(*ranking));
    block(flow_of(*ranking));
    block(ranked_of(*ranking));
    block(packed(ranking->exclusions));
    for (const PackedBytes& extra : note.extras) block(extra);
    parts.contracts.reserve(ranking->contracts.size());
    for (const ContractSnapshotPtr& snapshot : ranking->contracts) {
        const std::string& code = snapshot->data.contract->contract_code;
        const ContractParts* const parts_before = old == nullptr ? nullptr : old->find(code);
        const ContractSnapshot* const found = parts_before == nullptr ? nullptr : before->ranking->find(code);
        parts.contracts.push_back(parts_of(*snapshot, found, found == nullptr ? nullptr : parts_before));
    }
    return std::make_shared<const PackedRanking>(
        PackedRanking{.ranking = std::move(ranking),
                      .note = std::move(note),
                      .parts = std::make_shared<const RankingParts>(std::move(parts))});
}

std::string encode_snapshot(const PackedRanking& ranking, const RankingOrigin& origin) {
    return write_parts(nullptr, *ranking.parts, message_of(ranking, 0, origin));
}

std::string encode_delta(const PackedRanking& base, const PackedRanking& next, const RankingOrigin& origin) {
    return write_parts(base.parts.get(), *next.parts, message_of(next, base.ranking->sequence, origin));
}

}  // namespace scanner::ranking
