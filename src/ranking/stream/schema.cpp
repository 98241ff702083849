#include "ranking/stream/fields.hpp"

#include "scanner/signals/numbers.hpp"

#include <fmt/format.h>

#include <array>
#include <mutex>
#include <set>
#include <xxhash.h>

namespace scanner::ranking {
namespace {

constexpr std::size_t kMaxLiterals = 4'096;
constexpr std::size_t kMaxLiteral = 80;

core::Error newer(std::string_view what, std::string_view name) {
    return {core::ErrorCode::invalid_input,
            fmt::format("ranking message: a newer version wrote it: {} \"{}\" is not known here", what, name)};
}

bool may_be(double value, const signals::NumberField& field) {
    if (field.type == signals::FieldType::boolean) return value == 0.0 || value == 1.0;
    if (field.type == signals::FieldType::text) {
        return value == 0.0 || value == 1.0 || value == 2.0;  // kVolatilityBuckets
    }
    return true;
}

std::optional<std::string_view> kept_for_ever(std::string_view text) {
    static std::mutex mutex;
    static std::set<std::string, std::less<>> kept;
    const std::lock_guard lock(mutex);
    if (const auto found = kept.find(text); found != kept.end()) return *found;
    if (text.size() > kMaxLiteral || kept.size() >= kMaxLiterals) return std::nullopt;
    return *kept.emplace(text).first;
}

}  // namespace

std::optional<std::string_view> kept_literal(std::string_view text) {
    if (text.empty()) return std::string_view();
    // The same few names come again and again.
    thread_local std::array<std::string_view, 512> recent;
    std::string_view& likely = recent[XXH3_64bits(text.data(), text.size()) % recent.size()];
    if (likely == text) return likely;
    const auto found = kept_for_ever(text);
    if (found) likely = *found;
    return found;
}

const Schema& own_schema() {
    static const Schema kSchema = [] {
        Schema schema;
        for (const signals::NumberField& field : signals::kNumbers)
            schema.numbers.push_back(signals::to_string(field.number));
        for (const signals::ComponentField& field : signals::component_fields())
            schema.components.emplace_back(field.name);
        for (const signals::WeightField& field : signals::weight_fields()) schema.weights.emplace_back(field.name);
        return schema;
    }();
    return kSchema;
}

core::Result<KnownSchema> known_schema(const Schema& schema) {
    KnownSchema known;
    signals::NumberSet named;
    for (const std::string& name : schema.numbers) {
        const auto number = signals::find_number(name);
        if (!number) return std::unexpected(newer("the number", name));
        known.numbers.push_back(&signals::kNumbers[static_cast<std::size_t>(*number)]);
        named.add(*number);
    }
    for (const signals::NumberField& field : signals::kNumbers) {
        if (!named.has(field.number)) known.missing.push_back(&field);
    }
    for (const std::string& name : schema.components) {
        const auto fields = signals::component_fields();
        const auto found = std::ranges::find(fields, name, &signals::ComponentField::name);
        if (found == fields.end()) return std::unexpected(newer("the component", name));
        known.components.push_back(found->member);
    }
    for (const std::string& name : schema.weights) {
        const auto fields = signals::weight_fields();
        const auto found = std::ranges::find(fields, name, &signals::WeightField::name);
        if (found == fields.end()) return std::unexpected(newer("the weight", name));
        known.weights.push_back(found->member);
    }
    return known;
}

void write_numbers(PackWriter& pack, Owner owner, const signals::NumbersView& view, const signals::NumberSet& unknown) {
    for (const signals::NumberField& field : signals::kNumbers) {
        if (owner_of(field.group) != owner) continue;
        if (owner != Owner::flow) pack(unknown.has(field.number));
        pack(field.get(view));
    }
}

void read_numbers(PackReader& pack, Owner owner, const KnownSchema& schema, const signals::NumbersRef& into,
                  signals::NumberSet& unknown) {
    for (const signals::NumberField* const field : schema.numbers) {
        if (owner_of(field->group) != owner) continue;
        bool is_unknown = false;
        std::optional<double> value;
        if (owner != Owner::flow) pack(is_unknown);
        pack(value);
        if (value && !may_be(*value, *field)) pack.refuse("a number that cannot be");
        if (!pack.ok()) return;
        field->set(into, value);
        if (is_unknown) unknown.add(field->number);
    }
    for (const signals::NumberField* const field : schema.missing) {
        if (owner_of(field->group) == owner && field->can_be_unknown) unknown.add(field->number);
    }
}

}  // namespace scanner::ranking
