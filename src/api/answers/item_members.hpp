#pragma once

#include "api/answers/item_fields.hpp"
#include "api/http/param_reader.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/market/inputs.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// A member of an item as `fields=` names it.
struct ItemMember {
    std::string_view name;             ///< a literal
    const ItemField* field = nullptr;  ///< its line in the table of rows; nullptr: one that the route writes itself
};

/// The member of items that is there on request alone: an object, so no line of the table.
inline constexpr std::string_view kInputsMember = "inputs";

/// The parameter `fields`: names of `lines` and of `others`, in the client's order; nothing when it is absent. Names
/// that are neither are rejected with a list of all.
[[nodiscard]] std::optional<std::vector<ItemMember>> read_members(ParamReader& reader, std::span<const ItemField> lines,
                                                                  std::span<const std::string_view> others);

/// Adds to a query's key what of the members it asks for.
void add_members(std::string& key, const std::optional<std::vector<ItemMember>>& members);

/// The value of `inputs`: how old each input was at `made_at`, who told it and whether it may be used. The tape's state
/// is `incomplete` while trades may be missing.
void write_inputs_member(core::JsonWriter& json, const market::Inputs& inputs, core::WallTime made_at);

}  // namespace scanner::api
