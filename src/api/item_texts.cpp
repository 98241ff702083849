#include "api/item_texts.hpp"

#include "api/item_fields.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace scanner::api {
namespace {

/// What of an item depends on the request: ScoredContract's own members, but for the age, which is the cycle's.
constexpr auto kOfRequest =
    std::to_array<std::string_view>({"rank", "rank_delta", "score", "slip_bps", "funding_8h_pct", "basis_bps"});

/// Fields next to each other that all depend on the request, or none of them.
struct FieldRun {
    std::span<const ItemField> fields;
    bool of_request = false;
};

std::vector<FieldRun> make_field_runs() {
    const std::span<const ItemField> fields = item_fields();
    const auto is_of_request = [](const ItemField& field) {
        return std::ranges::find(kOfRequest, field.name) != kOfRequest.end();
    };
    std::vector<FieldRun> runs;
    for (std::size_t begin = 0; begin < fields.size();) {
        const bool of_request = is_of_request(fields[begin]);
        std::size_t end = begin + 1;
        while (end < fields.size() && is_of_request(fields[end]) == of_request) ++end;
        runs.push_back({.fields = fields.subspan(begin, end - begin), .of_request = of_request});
        begin = end;
    }
    return runs;
}

const std::vector<FieldRun>& field_runs() {
    static const std::vector<FieldRun> kRuns = make_field_runs();
    return kRuns;
}

void write_fields(core::JsonWriter& json, std::span<const ItemField> fields, const ScoredContract& item) {
    for (const ItemField& field : fields) {
        json.key(field.name);
        write_value(json, field.get(item));
    }
}

/// The members without the braces around them.
std::string text_of(std::span<const ItemField> fields, const ScoredContract& item) {
    core::JsonWriter json;
    json.begin_object();
    write_fields(json, fields, item);
    json.end_object();
    const std::string text = json.take();
    return text.substr(1, text.size() - 2);
}

}  // namespace

void ItemTexts::write(core::JsonWriter& json, const engine::Ranking& ranking, const ScoredContract& item) {
    const Runs* const runs = runs_of(ranking, item);
    json.begin_object();
    std::size_t next = 0;
    for (const FieldRun& run : field_runs()) {
        if (run.of_request || runs == nullptr) {
            write_fields(json, run.fields, item);
        } else {
            json.raw((*runs)[next++]);
        }
    }
    json.end_object();
}

/// nullptr for a cycle before the newest: who reads on in one must not cost the others their texts.
ItemTexts::Runs* ItemTexts::runs_of(const engine::Ranking& ranking, const ScoredContract& item) {
    if (ranking.sequence != sequence_ || ranking.time != time_) {
        if (ranking.sequence <= sequence_ && ranking.time <= time_) return nullptr;
        sequence_ = ranking.sequence;
        time_ = ranking.time;
        by_contract_.assign(ranking.contracts.size(), {});
    }
    const auto contract = static_cast<std::size_t>(item.snapshot - ranking.contracts.data());
    Runs& runs = by_contract_.at(contract);
    if (runs.empty()) {
        for (const FieldRun& run : field_runs()) {
            if (!run.of_request) runs.push_back(text_of(run.fields, item));
        }
    }
    return &runs;
}

}  // namespace scanner::api
