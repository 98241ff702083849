#include "ranking/stream/fields.hpp"
#include "ranking/stream/parts.hpp"

#include "scanner/ranking/scoring.hpp"

#include <algorithm>
#include <utility>

namespace scanner::ranking {
namespace {

/// Takes a ranking apart, part by part; each is written into the same room first.
class Packer {
public:
    explicit Packer(const PackedRanking* before) : before_(before) {}

    RankingParts parts(const Ranking& ranking, const StreamNote& note) {
        block(own_schema());
        head(ranking, note);
        profiles(ranking);
        edges(ranking);
        flow(ranking);
        ranked(ranking);
        block(ranking.exclusions);
        for (const PackedBytes& extra : note.extras) add_block(extra);
        parts_.contracts.reserve(ranking.contracts.size());
        for (const ContractSnapshotPtr& snapshot : ranking.contracts) contract(*snapshot);
        return std::move(parts_);
    }

private:
    /// What was written; what was there before, where that is the same: so that the same bytes are the same object.
    PackedBytes written(const PackedBytes& before) {
        PackedBytes bytes =
            before != nullptr && *before == pack_.bytes() ? before : std::make_shared<const std::string>(pack_.bytes());
        pack_.clear();
        return bytes;
    }
    [[nodiscard]] PackedBytes block_before() const {
        const std::size_t at = parts_.blocks.size();
        return before_ != nullptr && at < before_->parts->blocks.size() ? before_->parts->blocks[at] : nullptr;
    }
    void add_block(const PackedBytes& bytes) {
        const PackedBytes before = block_before();
        parts_.blocks.push_back(before != nullptr && *before == *bytes ? before : bytes);
    }
    void end_block() { parts_.blocks.push_back(written(block_before())); }
    template <class... T>
    void block(const T&... values) {
        pack_(values...);
        end_block();
    }

    void head(const Ranking& ranking, const StreamNote& note) {
        block(ranking.sequence, ranking.time, ranking.next_scan_at, ranking.cycle_ms, ranking.requests,
              ranking.has_flow, ranking.settings, ranking.epoch, note.recorded);
    }
    void profiles(const Ranking& ranking) {
        pack_.whole(ranking.profiles.size());
        for (const signals::Profile& profile : ranking.profiles) {
            pack_(profile.name);
            for (const signals::WeightField& field : signals::weight_fields()) pack_(profile.weights.*field.member);
        }
        end_block();
    }
    void edges(const Ranking& ranking) {
        const signals::ContractNumbers no_numbers;
        for (const signals::Edges& edges : ranking.edges)
            write_numbers(pack_, Owner::edges, {no_numbers, edges}, edges.unknown);
        end_block();
    }
    void flow(const Ranking& ranking) {
        const signals::ContractNumbers no_numbers;
        const signals::Edges no_edges;
        pack_.whole(ranking.flow.size());
        for (const FlowNumbersPtr& flow : ranking.flow) {
            pack_(flow != nullptr);
            if (flow != nullptr) write_numbers(pack_, Owner::flow, {no_numbers, no_edges, flow.get()}, {});
        }
        end_block();
    }
    /// The order first, then what each entry has by contract: so the numbers of a contract whose rank changes stay
    /// where they were, and cost nothing where they are those of the ranking before.
    void ranked(const Ranking& ranking) {
        pack_.whole(ranking.ranked.size());
        for (const auto& [profile, entries] : ranking.ranked) {
            pack_(profile);
            pack_.whole(entries.size());
            std::vector<const RankedEntry*> by_contract;
            by_contract.reserve(entries.size());
            for (const RankedEntry& entry : entries) {
                pack_(entry.contract);
                by_contract.push_back(&entry);
            }
            std::ranges::sort(by_contract, {}, &RankedEntry::contract);
            for (const RankedEntry* const entry : by_contract) pack_(entry->rank, entry->rank_raw, entry->rank_delta);
            for (const RankedEntry* const entry : by_contract) pack_(entry->score);
            for (const signals::ComponentField& field : signals::component_fields()) {
                for (const RankedEntry* const entry : by_contract) pack_(entry->components.*field.member);
            }
        }
        end_block();
    }

    void contract(const ContractSnapshot& snapshot) {
        const market::MarketData& data = snapshot.data;
        const std::string& code = data.contract->contract_code;
        const std::size_t place = parts_.contracts.size();
        const ContractParts* const parts_before = before_ == nullptr ? nullptr : before_->parts->find(code, place);
        const ContractSnapshot* const old = parts_before == nullptr ? nullptr : before_->ranking->find(code);
        ContractParts& parts = parts_.contracts.emplace_back();
        if (old != nullptr) parts = *parts_before;
        if (&snapshot == old) return;
        parts.code = code;
        const auto end = [&](Part part) { parts[part] = written(parts[part]); };
        if (old == nullptr || old->data.contract != data.contract) {
            pack_(*data.contract);
            end(Part::contract);
        }
        if (old == nullptr || old->data.order_book != data.order_book) {
            maybe(data.order_book.get());
            end(Part::book);
        }
        if (old == nullptr || old->data.candles != data.candles) {
            maybe(data.candles.get());
            end(Part::candles);
        }
        pack_(data.ticker, data.funding_rate, data.open_interest, data.index_price, data.data_time,
              data.fetch_latency_ms, data.closed_candles);
        end(Part::prices);
        pack_(data.inputs);
        end(Part::inputs);
        const signals::Edges no_edges;
        write_numbers(pack_, Owner::contract, {snapshot.numbers, no_edges}, snapshot.numbers.unknown);
        end(Part::numbers);
        manipulation(snapshot.numbers);
        end(Part::manipulation);
        pack_(snapshot.spread_history, snapshot.notes);
        end(Part::notes);
    }
    /// Missing and empty are two things.
    template <class T>
    void maybe(const T* value) {
        pack_(value != nullptr);
        if (value != nullptr) pack_(*value);
    }
    void manipulation(const signals::ContractNumbers& numbers) {
        visit_literals(numbers.manipulation.manip_flags, pack_);
        pack_(numbers.manipulation.contributions, numbers.manipulation.probability, numbers.manipulation.flag_details,
              numbers.detection.quarantined, numbers.detection.verdict != nullptr);
        if (numbers.detection.verdict != nullptr) pack_(*numbers.detection.verdict);
    }

    const PackedRanking* before_;
    PackWriter pack_;
    RankingParts parts_;
};

PartsMessage message_of(const PackedRanking& ranking, std::uint64_t base, const RankingOrigin& origin) {
    return {.origin = origin,
            .head = {.sequence = ranking.ranking->sequence, .base = base, .epoch = ranking.ranking->epoch}};
}

}  // namespace

PackedRankingPtr pack_ranking(RankingPtr ranking, StreamNote note, const PackedRanking* before) {
    auto parts = std::make_shared<const RankingParts>(Packer(before).parts(*ranking, note));
    return std::make_shared<const PackedRanking>(
        PackedRanking{.ranking = std::move(ranking), .note = std::move(note), .parts = std::move(parts)});
}

std::string encode_snapshot(const PackedRanking& ranking, const RankingOrigin& origin) {
    return write_parts(nullptr, *ranking.parts, message_of(ranking, 0, origin));
}

std::string encode_delta(const PackedRanking& base, const PackedRanking& next, const RankingOrigin& origin) {
    return write_parts(base.parts.get(), *next.parts, message_of(next, base.ranking->sequence, origin));
}

}  // namespace scanner::ranking
