#include "ranking/stream/fields.hpp"
#include "ranking/stream/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::ranking {
namespace {

constexpr std::size_t kMaxProfiles = 256;
constexpr std::size_t kMaxLevels = 5'000;

/// What is wrong with one part; the first one counts.
class Problems {
public:
    void add(std::string_view part, const PackReader& pack) {
        if (!pack.at_end()) add(part, pack.ok() ? "more behind its end" : pack.problem());
    }
    void add(std::string_view part, std::string_view what) {
        if (!error_) error_.emplace(core::ErrorCode::malformed, fmt::format("ranking message: {}: {}", part, what));
    }
    [[nodiscard]] const std::optional<core::Error>& error() const { return error_; }

private:
    std::optional<core::Error> error_;
};

void read_prices(std::string_view bytes, market::MarketData& data, Problems& problems) {
    PackReader pack(bytes);
    pack(data.ticker, data.funding_rate, data.open_interest, data.index_price, data.data_time, data.fetch_latency_ms,
         data.closed_candles);
    pack.require(data.ticker.last > 0, "a price that is not above 0");
    problems.add("prices", pack);
}

void read_book(std::string_view bytes, market::MarketData& data, Problems& problems) {
    PackReader pack(bytes);
    bool has = false;
    pack(has);
    data.order_book.reset();
    if (has) {
        market::OrderBook book;
        pack(book);
        pack.require(book.bids.size() <= kMaxLevels && book.asks.size() <= kMaxLevels, "too many levels");
        data.order_book = std::make_shared<const market::OrderBook>(std::move(book));
    }
    problems.add("book", pack);
}

void read_candles(std::string_view bytes, market::MarketData& data, Problems& problems) {
    PackReader pack(bytes);
    bool has = false;
    pack(has);
    data.candles.reset();
    if (has) {
        std::vector<market::Candle> candles;
        pack(candles);
        pack.require(std::ranges::is_sorted(candles, std::less(), &market::Candle::open_time_ms), "out of order");
        data.candles = std::make_shared<const std::vector<market::Candle>>(std::move(candles));
    }
    problems.add("candles", pack);
}

void read_own_numbers(std::string_view bytes, const KnownSchema& schema, signals::ContractNumbers& numbers,
                      Problems& problems) {
    PackReader pack(bytes);
    signals::Edges edges;
    signals::FlowNumbers flow;
    numbers.unknown = {};
    read_numbers(pack, Owner::contract, schema, {numbers, edges, flow}, numbers.unknown);
    problems.add("numbers", pack);
}

void read_manipulation(std::string_view bytes, signals::ContractNumbers& numbers, Problems& problems) {
    PackReader pack(bytes);
    signals::Manipulation& manipulation = numbers.manipulation;
    bool has_verdict = false;
    visit_literals(manipulation.manip_flags, pack);
    pack(manipulation.contributions, manipulation.probability, manipulation.flag_details, numbers.detection.quarantined,
         has_verdict);
    numbers.detection.verdict.reset();
    if (has_verdict && pack.ok()) {
        signals::DetectorVerdict verdict;
        pack(verdict);
        numbers.detection.verdict = std::make_shared<const signals::DetectorVerdict>(std::move(verdict));
    }
    problems.add("manipulation", pack);
}

/// Parts that are the same objects as in `parts_before` are `before`'s.
ContractSnapshotPtr read_contract(const ContractParts& parts, const ContractParts* parts_before,
                                  const ContractSnapshotPtr& before, const KnownSchema& schema, Problems& problems) {
    if (parts_before != nullptr && parts_before->parts == parts.parts) return before;
    auto snapshot =
        parts_before == nullptr ? std::make_shared<ContractSnapshot>() : std::make_shared<ContractSnapshot>(*before);
    const auto changed = [&](Part part) { return parts_before == nullptr || parts[part] != (*parts_before)[part]; };
    market::MarketData& data = snapshot->data;
    if (changed(Part::contract)) {
        PackReader pack(*parts[Part::contract]);
        market::Contract contract;
        pack(contract);
        pack.require(contract.contract_code == parts.code, "of another contract");
        problems.add("contract", pack);
        data.contract = std::make_shared<const market::Contract>(std::move(contract));
    }
    if (changed(Part::prices)) read_prices(*parts[Part::prices], data, problems);
    if (changed(Part::book)) read_book(*parts[Part::book], data, problems);
    if (changed(Part::candles)) read_candles(*parts[Part::candles], data, problems);
    if (data.closed_candles > (data.candles == nullptr ? 0 : data.candles->size()))
        problems.add("prices", "more closed candles than candles");
    if (changed(Part::inputs)) {
        PackReader pack(*parts[Part::inputs]);
        pack(data.inputs);
        problems.add("inputs", pack);
    }
    if (changed(Part::numbers)) read_own_numbers(*parts[Part::numbers], schema, snapshot->numbers, problems);
    if (changed(Part::manipulation)) read_manipulation(*parts[Part::manipulation], snapshot->numbers, problems);
    if (changed(Part::notes)) {
        PackReader pack(*parts[Part::notes]);
        pack(snapshot->spread_history, snapshot->notes);
        problems.add("notes", pack);
    }
    return snapshot;
}

void read_head(std::string_view bytes, Ranking& ranking, StreamNote& note, Problems& problems) {
    PackReader pack(bytes);
    pack(ranking.sequence, ranking.time, ranking.next_scan_at, ranking.cycle_ms, ranking.requests, ranking.has_flow,
         ranking.settings, ranking.epoch, note.recorded);
    pack.require(ranking.sequence >= 1 && ranking.sequence <= kMaxSequence, "a sequence out of range");
    problems.add("head", pack);
}

void read_profiles(std::string_view bytes, const KnownSchema& schema, Ranking& ranking, Problems& problems) {
    PackReader pack(bytes);
    ranking.profiles.resize(pack.count(kMaxProfiles));
    for (signals::Profile& profile : ranking.profiles) {
        pack(profile.name);
        for (const auto member : schema.weights) pack(profile.weights.*member);
    }
    problems.add("profiles", pack);
}

void read_edges(std::string_view bytes, const KnownSchema& schema, Ranking& ranking, Problems& problems) {
    PackReader pack(bytes);
    signals::ContractNumbers numbers;
    signals::FlowNumbers flow;
    ranking.edges.resize(ranking.contracts.size());
    for (signals::Edges& edges : ranking.edges)
        read_numbers(pack, Owner::edges, schema, {numbers, edges, flow}, edges.unknown);
    problems.add("edges", pack);
}

void read_flow(std::string_view bytes, const KnownSchema& schema, Ranking& ranking, Problems& problems) {
    PackReader pack(bytes);
    signals::ContractNumbers numbers;
    signals::Edges edges;
    signals::NumberSet unknown;
    const std::size_t count = pack.count(ranking.contracts.size());
    pack.require(count == 0 || count == ranking.contracts.size(), "not one for each contract");
    for (std::size_t i = 0; pack.ok() && i < count; ++i) {
        bool has = false;
        pack(has);
        const auto flow = has ? std::make_shared<signals::FlowNumbers>() : nullptr;
        if (has) read_numbers(pack, Owner::flow, schema, {numbers, edges, *flow}, unknown);
        ranking.flow.push_back(flow);
    }
    problems.add("flow", pack);
}

void read_entries(PackReader& pack, const KnownSchema& schema, std::size_t contracts,
                  std::vector<RankedEntry>& entries) {
    entries.resize(pack.count(contracts));
    std::vector<RankedEntry*> by_contract(contracts);
    for (RankedEntry& entry : entries) {
        pack(entry.contract);
        const bool fits = entry.contract < contracts && by_contract[entry.contract] == nullptr;
        pack.require(fits, "a contract that is not there, or twice");
        if (!pack.ok()) return;
        by_contract[entry.contract] = &entry;
    }
    std::erase(by_contract, nullptr);
    for (RankedEntry* const entry : by_contract) pack(entry->rank, entry->rank_raw, entry->rank_delta);
    for (RankedEntry* const entry : by_contract) pack(entry->score);
    for (const auto member : schema.components) {
        for (RankedEntry* const entry : by_contract) pack(entry->components.*member);
    }
}

void read_ranked(std::string_view bytes, const KnownSchema& schema, Ranking& ranking, Problems& problems) {
    PackReader pack(bytes);
    const std::size_t count = pack.count(kMaxProfiles);
    for (std::size_t i = 0; pack.ok() && i < count; ++i) {
        std::string name;
        pack(name);
        read_entries(pack, schema, ranking.contracts.size(), ranking.ranked[std::move(name)]);
    }
    problems.add("ranked", pack);
}

void read_exclusions(std::string_view bytes, Ranking& ranking, Problems& problems) {
    PackReader pack(bytes);
    pack(ranking.exclusions);
    for (const Exclusion& exclusion : ranking.exclusions) ++ranking.excluded_by_reason[exclusion.reason];
    problems.add("exclusions", pack);
}

/// `guess`: where it is likely to be.
std::optional<std::size_t> place_of(std::string_view code, const Ranking& ranking, std::size_t guess) {
    if (guess < ranking.contracts.size() && ranking.contracts[guess]->data.contract->contract_code == code)
        return guess;
    return ranking.index_of(code);
}

core::Result<KnownSchema> schema_of(const RankingParts& parts) {
    PackReader pack(*parts[Block::schema]);
    Schema schema;
    pack(schema);
    Problems problems;
    problems.add("schema", pack);
    if (problems.error()) return std::unexpected(*problems.error());
    return known_schema(schema);
}

}  // namespace

core::Result<RankingPtr> unpack_ranking(const RankingParts& parts, const RankingParts* parts_before,
                                        const Ranking* before, StreamNote& note) {
    auto schema = schema_of(parts);
    if (!schema) return std::unexpected(schema.error());
    // Another writer's numbers stand elsewhere: nothing of what was read before is as it would be read now.
    if (parts_before != nullptr && *(*parts_before)[Block::schema] != *parts[Block::schema]) parts_before = nullptr;
    auto ranking = std::make_shared<Ranking>();
    Problems problems;
    read_head(*parts[Block::head], *ranking, note, problems);
    read_profiles(*parts[Block::profiles], *schema, *ranking, problems);
    ranking->contracts.reserve(parts.contracts.size());
    for (const ContractParts& contract : parts.contracts) {
        const std::size_t guess = ranking->contracts.size();
        const ContractParts* const old = parts_before == nullptr ? nullptr : parts_before->find(contract.code, guess);
        const auto place = old == nullptr ? std::nullopt : place_of(contract.code, *before, guess);
        ranking->contracts.push_back(read_contract(contract, place ? old : nullptr,
                                                   place ? before->contracts[*place] : nullptr, *schema, problems));
    }
    read_edges(*parts[Block::edges], *schema, *ranking, problems);
    read_flow(*parts[Block::flow], *schema, *ranking, problems);
    read_ranked(*parts[Block::ranked], *schema, *ranking, problems);
    read_exclusions(*parts[Block::exclusions], *ranking, problems);
    if (problems.error()) return std::unexpected(*problems.error());
    note.extras.assign(parts.blocks.begin() + kBlocks, parts.blocks.end());
    return ranking;
}

core::Result<StreamMessageHead> message_head(std::string_view message) {
    auto read = read_message_head(message);
    if (!read) return std::unexpected(read.error());
    return read->head;
}

core::Result<PackedRankingPtr> decode_message(std::string_view message, const PackedRanking* base,
                                              const RankingOrigin& origin, const StreamLimits& limits) {
    const auto read = read_message_head(message);
    if (!read) return std::unexpected(read.error());
    if (read->origin != origin) {
        return core::fail(
            core::ErrorCode::conflict,
            fmt::format("ranking message: it is of exchange \"{}\" and installation \"{}\", not of "
                        "\"{}\" and \"{}\"",
                        read->origin.exchange, read->origin.installation, origin.exchange, origin.installation));
    }
    const bool is_snapshot = read->head.base == 0;
    if (!is_snapshot && (base == nullptr || base->ranking->sequence != read->head.base)) {
        return core::fail(core::ErrorCode::not_found,
                          fmt::format("ranking message: it changes {}, and {} is there", read->head.base,
                                      base == nullptr ? 0 : base->ranking->sequence));
    }
    auto parts = read_parts(message, is_snapshot ? nullptr : base->parts.get(), limits);
    if (!parts) return std::unexpected(parts.error());
    StreamNote note;
    auto ranking = unpack_ranking(*parts, is_snapshot ? nullptr : base->parts.get(),
                                  is_snapshot ? nullptr : base->ranking.get(), note);
    if (!ranking) return std::unexpected(ranking.error());
    if ((*ranking)->sequence != read->head.sequence || (*ranking)->epoch != read->head.epoch)
        return core::fail(core::ErrorCode::malformed, "ranking message: head and content are of two rankings");
    return std::make_shared<const PackedRanking>(
        PackedRanking{.ranking = std::move(*ranking),
                      .note = std::move(note),
                      .parts = std::make_shared<const RankingParts>(std::move(*parts))});
}

}  // namespace scanner::ranking
