#include "scanner/storage/inputs_schema.hpp"

#include "scanner/core/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
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

}  // namespace scanner::storage
