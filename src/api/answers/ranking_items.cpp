#include "scanner/api/ranking_items.hpp"

#include "api/answers/item_fields.hpp"

#include <algorithm>

namespace scanner::api {

void write_ranking_items(core::JsonWriter& json, const ranking::Ranking& ranking, std::string_view profile,
                         std::size_t top) {
    json.begin_array();
    if (find_profile(ranking, profile) != nullptr) {
        const auto items = score_contracts(ranking, cycle_scoring(ranking.settings, profile));
        for (std::size_t i = 0; i < std::min(top, items.size()); ++i) {
            json.begin_object();
            write_fields(json, item_fields_of(&ranking), items[i]);
            json.end_object();
        }
    }
    json.end_array();
}

}  // namespace scanner::api
