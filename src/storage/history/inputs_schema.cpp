#include "scanner/storage/inputs_schema.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace scanner::storage {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<InputKind, std::string_view>, 6> kKinds{{{InputKind::number, "number"},
                                                                        {InputKind::time, "time"},
                                                                        {InputKind::sparse, "sparse"},
                                                                        {InputKind::optional, "optional"},
                                                                        {InputKind::text, "text"},
                                                                        {InputKind::list, "list"}}};

/// "a.b.c": {"a.b", "c"}; "c": {"", "c"}.
std::pair<std::string_view, std::string_view> split(std::string_view path) {
    const std::size_t point = path.rfind('.');
    if (point == std::string_view::npos) return {{}, path};
    return {path.substr(0, point), path.substr(point + 1)};
}

bool is_within(std::string_view group, std::string_view outer) {
    return outer.empty() || group == outer ||
           (group.starts_with(outer) && group.size() > outer.size() && group[outer.size()] == '.');
}

/// Opens and closes objects as the groups of paths need it.
class GroupWriter {
public:
    GroupWriter() { json_.begin_object(); }
    core::JsonWriter& member(std::string_view path) {
        const auto [group, name] = split(path);
        enter(group);
        return json_.key(name);
    }
    void enter(std::string_view group) {
        while (!is_within(group, group_)) {
            json_.end_object();
            group_ = split(group_).first;
        }
        while (group_.size() < group.size()) {
            const std::size_t begin = group_.empty() ? 0 : group_.size() + 1;
            const std::size_t end = std::min(group.find('.', begin), group.size());
            json_.key(group.substr(begin, end - begin)).begin_object();
            group_ = group.substr(0, end);
        }
    }
    std::string finish() {
        enter({});
        json_.end_object();
        return json_.take();
    }

private:
    core::JsonWriter json_{2'048};
    std::string_view group_;
};

void write_text(core::JsonWriter& out, const json& texts, const std::string& path, std::string_view symbol) {
    const auto found = texts.find(path);
    if (found != texts.end() && found->is_string()) {
        out.value(found->get_ref<const std::string&>());
    } else {
        out.value(core::parse_symbol(symbol).value_or(std::string(symbol)));
    }
}

void write_list(core::JsonWriter& out, const json& texts, const std::string& path) {
    out.begin_array();
    const auto found = texts.find(path);
    if (found != texts.end() && found->is_array()) {
        for (const json& text : *found) {
            if (text.is_string()) out.value(text.get_ref<const std::string&>());
        }
    }
    out.end_array();
}

void write_number(GroupWriter& out, const InputField& field, std::optional<double> number) {
    if (field.kind == InputKind::sparse && !number) {
        out.enter(split(field.path).first);  // an empty group is shown, too
        return;
    }
    if (field.kind == InputKind::optional && !number) return;
    core::JsonWriter& value = out.member(field.path);
    if (field.kind != InputKind::time || !number) {
        value.value(number);
        return;
    }
    const auto ms = static_cast<std::int64_t>(std::clamp(*number, -1e15, 1e15));
    if (core::is_unix_ms(ms)) {
        value.value(core::format_time(core::from_unix_ms(ms)));
    } else {
        value.null();
    }
}

/// `newest` and what only the row's own schema has, each behind the last of its group.
std::vector<InputField> merged_fields(const InputsSchema& schema, const InputsSchema& newest) {
    std::vector<InputField> fields = newest.fields();
    for (const InputField& field : schema.fields()) {
        if (std::ranges::find(fields, field.path, &InputField::path) != fields.end()) continue;
        const std::string_view group = split(field.path).first;
        const auto last = std::find_if(fields.rbegin(), fields.rend(),
                                       [&](const InputField& other) { return split(other.path).first == group; });
        fields.insert(last == fields.rend() ? fields.end() : last.base(), field);
    }
    return fields;
}

}  // namespace

InputsSchema::InputsSchema(std::vector<InputField> fields) : fields_(std::move(fields)) {
    numbers_ = static_cast<std::size_t>(
        std::ranges::count_if(fields_, [](const InputField& field) { return is_number(field.kind); }));
}

std::optional<std::size_t> InputsSchema::place_of(std::string_view path) const {
    std::size_t place = 0;
    for (const InputField& field : fields_) {
        if (!is_number(field.kind)) continue;
        if (field.path == path) return place;
        ++place;
    }
    return std::nullopt;
}

std::string encode_inputs_schema(const InputsSchema& schema) {
    core::JsonWriter out(4'096);
    out.begin_array();
    for (const InputField& field : schema.fields()) {
        std::string text = field.path;
        if (field.kind != InputKind::number) {
            text += ':';
            text += std::ranges::find(kKinds, field.kind, &decltype(kKinds)::value_type::first)->second;
        }
        out.value(text);
    }
    out.end_array();
    return out.take();
}

std::optional<InputsSchema> decode_inputs_schema(std::string_view text) {
    const json parsed = json::parse(text, nullptr, false);
    if (!parsed.is_array()) return std::nullopt;
    std::vector<InputField> fields;
    for (const json& entry : parsed) {
        if (!entry.is_string()) return std::nullopt;
        const std::string_view whole = entry.get_ref<const std::string&>();
        const std::size_t colon = whole.find(':');
        InputField& field = fields.emplace_back();
        field.path = whole.substr(0, colon);
        if (colon == std::string_view::npos) continue;
        const auto kind = std::ranges::find(kKinds, whole.substr(colon + 1), &decltype(kKinds)::value_type::second);
        if (kind == kKinds.end()) return std::nullopt;
        field.kind = kind->first;
    }
    return InputsSchema(std::move(fields));
}

std::string render_inputs(const InputsSchema& schema, const InputsSchema& newest,
                          std::span<const std::optional<double>> numbers, std::string_view texts_json,
                          std::string_view symbol) {
    json texts = json::parse(texts_json, nullptr, false);
    if (!texts.is_object()) texts = json::object();
    const bool same = &schema == &newest || schema == newest;
    const std::vector<InputField> merged = same ? std::vector<InputField>() : merged_fields(schema, newest);
    GroupWriter out;
    std::size_t next = 0;
    for (const InputField& field : same ? schema.fields() : merged) {
        if (field.kind == InputKind::text) {
            write_text(out.member(field.path), texts, field.path, symbol);
        } else if (field.kind == InputKind::list) {
            write_list(out.member(field.path), texts, field.path);
        } else {
            const auto place = same ? std::optional(next++) : schema.place_of(field.path);
            write_number(out, field, place && *place < numbers.size() ? numbers[*place] : std::nullopt);
        }
    }
    return out.finish();
}

}  // namespace scanner::storage
