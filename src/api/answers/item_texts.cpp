#include "api/answers/item_texts.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace scanner::api {
namespace {

enum class Depends { on_contract, on_place, on_request };

/// Fields next to each other that depend on the same.
struct FieldRun {
    std::span<const ItemField> fields;
    Depends depends = Depends::on_contract;
};

std::vector<FieldRun> make_field_runs(std::span<const ItemField> fields) {
    const auto depends = [](const ItemField& field) {
        if (field.is_place) return Depends::on_place;
        return field.depends_on_request ? Depends::on_request : Depends::on_contract;
    };
    std::vector<FieldRun> runs;
    for (std::size_t begin = 0; begin < fields.size();) {
        const Depends here = depends(fields[begin]);
        std::size_t end = begin + 1;
        while (end < fields.size() && depends(fields[end]) == here) ++end;
        runs.push_back({.fields = fields.subspan(begin, end - begin), .depends = here});
        begin = end;
    }
    return runs;
}

const std::vector<FieldRun>& field_runs(const ranking::Ranking& ranking) {
    static const std::array kRuns{make_field_runs(ranking::item_fields_with(false, false)),
                                  make_field_runs(ranking::item_fields_with(true, false)),
                                  make_field_runs(ranking::item_fields_with(false, true)),
                                  make_field_runs(ranking::item_fields_with(true, true))};
    return kRuns[(ranking.has_flow ? 1U : 0U) + (ranking.is_measured() ? 2U : 0U)];
}

/// The members that `write` writes, without the braces around them.
template <class Write>
std::string members(const Write& write) {
    core::JsonWriter json;
    json.begin_object();
    write(json);
    json.end_object();
    const std::string text = json.take();
    return text.substr(1, text.size() - 2);
}

}  // namespace

void ItemTexts::write(core::JsonWriter& json, const ranking::Ranking& ranking, const ScoredContract& item) {
    Texts* const texts = texts_of(ranking, item);
    json.begin_object();
    std::size_t next = 0;  // of the contract's own runs
    for (const FieldRun& run : field_runs(ranking)) {
        if (run.depends == Depends::on_contract && texts != nullptr) {
            json.raw(texts->own[next++]);
        } else {
            write_fields(json, run.fields, item);
        }
        if (run.depends == Depends::on_place && texts != nullptr && is_as_in_cycle(item)) {
            json.raw(suffix_after_rank(*texts, ranking, item));
            break;
        }
    }
    json.end_object();
}

/// nullptr for a cycle before the newest: paging through an old cycle must not evict the texts of the newest.
ItemTexts::Texts* ItemTexts::texts_of(const ranking::Ranking& ranking, const ScoredContract& item) {
    if (ranking.sequence != sequence_ || ranking.time != time_) {
        if (ranking.sequence <= sequence_ && ranking.time <= time_) return nullptr;
        sequence_ = ranking.sequence;
        time_ = ranking.time;
        by_contract_.assign(ranking.contracts.size(), {});
    }
    Texts& texts = by_contract_.at(item.contract);
    if (texts.own.empty()) {
        for (const FieldRun& run : field_runs(ranking)) {
            if (run.depends != Depends::on_contract) continue;
            texts.own.push_back(members([&](core::JsonWriter& json) { write_fields(json, run.fields, item); }));
        }
    }
    return &texts;
}

/// What follows the rank in an item of this score, from an earlier one where there was one.
const std::string& ItemTexts::suffix_after_rank(Texts& texts, const ranking::Ranking& ranking,
                                                const ScoredContract& item) {
    for (const Scored& known : texts.scored) {
        if (known.score == item.score && known.rank_delta == item.rank_delta && known.rank_raw == item.rank_raw)
            return known.suffix_after_rank;
    }
    if (texts.scored.size() >= kMaxScores) texts.scored.erase(texts.scored.begin());
    const auto write = [&](core::JsonWriter& json) {
        std::size_t next = 0;
        bool behind = false;
        for (const FieldRun& run : field_runs(ranking)) {
            const bool own = run.depends == Depends::on_contract;
            if (behind && own) json.raw(texts.own[next]);
            if (behind && !own) write_fields(json, run.fields, item);
            next += own ? 1U : 0U;
            behind = behind || run.depends == Depends::on_place;
        }
    };
    texts.scored.push_back({.score = item.score,
                            .rank_delta = item.rank_delta,
                            .rank_raw = item.rank_raw,
                            .suffix_after_rank = members(write)});
    return texts.scored.back().suffix_after_rank;
}

}  // namespace scanner::api
