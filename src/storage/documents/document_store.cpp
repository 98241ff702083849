#include "scanner/storage/document_store.hpp"

#include <algorithm>

namespace scanner::storage {
namespace {

template <class List>
auto* find_by_name(List& list, std::string_view name) {
    const auto found = std::ranges::find_if(list, [&](const auto& each) { return each.name == name; });
    return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Watchlist* OperatorDocuments::find_watchlist(std::string_view name) const {
    return find_by_name(watchlists, name);
}
const ProfilePreset* OperatorDocuments::find_preset(std::string_view name) const {
    return find_by_name(presets, name);
}
const AlertRule* OperatorDocuments::find_rule(std::string_view name) const {
    return find_by_name(rules, name);
}

}  // namespace scanner::storage
