#include "api/answers/envelope.hpp"
#include "api/answers/item_fields.hpp"
#include "api/history/history_views.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::api {
namespace {

using nlohmann::json;

/// One row of a past ranking with what it was computed from.
class PastItem {
public:
    explicit PastItem(const storage::RankingRow& row)
        : row_(&row), inputs_(json::parse(row.inputs_json, nullptr, false)) {
        if (!inputs_.is_object()) inputs_ = json::object();  // an older service kept none
        const std::string kept = text_in(inputs_, "contract_code");
        code_ = kept.empty() ? core::parse_symbol(row.symbol).value_or(row.symbol) : kept;
        if (const auto time = core::parse_time(text_in(inputs_, "data_time")))
            age_ms_ = std::max<std::int64_t>(0, (row.time - *time).count());
        const json& notes = member(inputs_, "notes");
        for (const json& note : notes.is_array() ? notes : json::array()) {
            if (note.is_string()) notes_.push_back(note.get<std::string>());
        }
        groups_ = {&member(inputs_, "metrics"), &member(inputs_, "edges"), &member(inputs_, "flow")};
        const auto& flags = member(member(inputs_, "manipulation"), "manip_flags");
        if (!flags.is_array()) return;
        has_flags_ = true;
        for (const json& flag : flags) {
            if (flag.is_string()) flags_.push_back(flag.get_ref<const std::string&>());
        }
    }

    // Its flags and groups are views into its inputs, which move along but are not copied.
    PastItem(PastItem&&) = default;
    PastItem& operator=(PastItem&&) = default;
    PastItem(const PastItem&) = delete;
    PastItem& operator=(const PastItem&) = delete;
    ~PastItem() = default;

    [[nodiscard]] const std::string& code() const { return code_; }
    [[nodiscard]] std::optional<std::int64_t> age_ms() const { return age_ms_; }

    [[nodiscard]] FieldValue value(std::string_view name) const {
        if (name == "symbol") return std::string_view(row_->symbol);
        if (name == "contract_code") return std::string_view(code_);
        if (name == "rank") return row_->rank ? FieldValue(std::int64_t{*row_->rank}) : FieldValue();
        if (name == "score") return row_->score;
        if (name == "last_price") return maybe(row_->last_price);
        if (name == "qvol_usdt") return maybe(row_->qvol_usdt);
        if (name == "spread_bps") return maybe(row_->spread_bps);
        if (name == "slip_bps") return maybe(row_->slip_bps);
        if (name == "manip_score") return maybe(row_->manip_score);
        if (name == "age_ms") return age_ms_ ? FieldValue(*age_ms_) : FieldValue();
        if (name == "funding_rate" || name == "funding_interval_hours") return number_in(inputs_, name);
        if (name == "listed_at") {
            const auto time = core::parse_time(text_in(inputs_, "listed_at"));
            return time ? FieldValue(*time) : FieldValue();
        }
        if (name == "notes") return std::span<const std::string>(notes_);
        if (name == "manip_flags")
            return has_flags_ ? FieldValue(std::span<const std::string_view>(flags_)) : FieldValue();
        for (const json* const group : groups_) {
            if (const FieldValue value = number_in(*group, name); !is_null(value)) return value;
        }
        return {};
    }

private:
    static FieldValue maybe(const std::optional<double>& value) { return value ? FieldValue(*value) : FieldValue(); }
    static const json& member(const json& owner, std::string_view name) {
        static const json kNothing;
        if (!owner.is_object()) return kNothing;
        const auto found = owner.find(name);
        return found == owner.end() ? kNothing : *found;
    }
    static FieldValue number_in(const json& owner, std::string_view name) {
        const json& number = member(owner, name);
        return number.is_number() ? FieldValue(number.get<double>()) : FieldValue();
    }
    static std::string text_in(const json& owner, std::string_view name) {
        const json& text = member(owner, name);
        return text.is_string() ? text.get<std::string>() : "";
    }

    const storage::RankingRow* row_;
    json inputs_;
    std::string code_;
    std::optional<std::int64_t> age_ms_;
    std::vector<std::string> notes_;
    std::array<const json*, 3> groups_{};  // into inputs_
    std::vector<std::string_view> flags_;  // into inputs_
    bool has_flags_ = false;
};

/// What was asked for, all pages of it, and how much there was before `top` cut it.
struct PastSelection {
    std::vector<PastItem> items;
    std::size_t total = 0;
};
PastSelection select_items(const AsOfQuery& query, const storage::RankingAsOf& ranking) {
    PastSelection selection;
    const auto top = static_cast<std::size_t>(query.top);
    selection.items.reserve(std::min(top, ranking.rows.size()));
    for (const storage::RankingRow& row : ranking.rows) {
        if (selection.items.size() == top && !query.symbols) {
            selection.total = ranking.rows.size();
            break;
        }
        PastItem item(row);
        if (query.symbols && std::ranges::find(*query.symbols, item.code()) == query.symbols->end()) continue;
        ++selection.total;
        if (selection.items.size() < top) selection.items.push_back(std::move(item));
    }
    return selection;
}

std::span<const PastItem> page_of(const AsOfQuery& query, const std::vector<PastItem>& items) {
    const auto size = static_cast<std::size_t>(query.page_size);
    const auto before = static_cast<std::size_t>(query.page) - 1;
    if (before >= (items.size() + size - 1) / size) return {};
    return std::span(items).subspan(before * size, std::min(size, items.size() - before * size));
}

/// The fields that were asked for: found once, not for every item.
class PastFields {
public:
    explicit PastFields(const AsOfQuery& query) {
        for (const std::string_view name : query.fields) {
            const ItemField* const field = find_item_field(name);
            fields_.push_back({.name = name, .digits = field == nullptr ? signals::all_digits() : field->digits});
        }
    }
    /// Calls `cell(name, value)` for each of them, rounded as it is shown.
    template <class Cell>
    void visit(const PastItem& item, const Cell& cell) const {
        for (const Field& field : fields_) cell(field.name, rounded(item.value(field.name), field.digits));
    }

private:
    struct Field {
        std::string_view name;
        signals::Digits digits;
    };
    std::vector<Field> fields_;
};

void write_items(core::JsonWriter& out, const AsOfQuery& query, std::span<const PastItem> items) {
    const PastFields fields(query);
    out.key("items").begin_array();
    for (const PastItem& item : items) {
        out.begin_object();
        fields.visit(item, [&out](std::string_view name, const FieldValue& value) {
            out.key(name);
            write_value(out, value);
        });
        out.end_object();
    }
    out.end_array();
}

std::string csv_text(const AsOfQuery& query, std::span<const PastItem> items) {
    std::string csv;
    for (const std::string_view field : query.fields) {
        if (!csv.empty()) csv += ',';
        csv += field;
    }
    csv += "\r\n";
    const PastFields fields(query);
    for (const PastItem& item : items) {
        bool first = true;
        fields.visit(item, [&](std::string_view /*name*/, const FieldValue& value) {
            if (!std::exchange(first, false)) csv += ',';
            append_csv(csv, value);
        });
        csv += "\r\n";
    }
    return csv;
}

}  // namespace

Rendered render_as_of(const AsOfQuery& query, const storage::RankingAsOf& ranking) {
    const auto [all, total] = select_items(query, ranking);
    const auto items = page_of(query, all);
    const bool simulated = ranking.cycle && ranking.cycle->simulated;
    if (query.csv) return {std::string(kCsvType), csv_text(query, items), std::nullopt};
    std::optional<std::int64_t> oldest;
    for (const PastItem& item : all) oldest = std::max(oldest, item.age_ms());
    core::JsonWriter out(1'024 + 900 * items.size());
    out.begin_object().field("as_of", core::format_time(query.time)).field("ts", core::format_time(ranking.time));
    out.key("seq");
    if (ranking.sequence == 0) {
        out.null();
    } else {
        out.value(ranking.sequence);
    }
    if (simulated) out.field("simulated", true);
    out.field("data_age_ms", oldest).field("profile", query.profile).key("settings");
    if (ranking.cycle) {
        out.raw(ranking.cycle->settings_json);
    } else {
        out.null();
    }
    write_items(out, query, items);
    out.field("page", query.page).field("page_size", query.page_size).field("total", total);
    out.field("total_after_top", all.size());
    out.end_object();
    return {std::string(kJsonType), out.take(), std::nullopt};
}

std::vector<std::string> profiles_of(const storage::RankingAsOf& ranking) {
    std::vector<std::string> names;
    if (!ranking.cycle) return names;
    const json settings = json::parse(ranking.cycle->settings_json, nullptr, false);
    if (!settings.is_object() || !settings.contains("weights") || !settings["weights"].is_object()) return names;
    for (const auto& [name, weights] : settings["weights"].items()) names.push_back(name);
    std::ranges::sort(names);
    return names;
}

}  // namespace scanner::api
