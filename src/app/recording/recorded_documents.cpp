#include "app/recording/recorded_documents.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace scanner::app {

using Json = nlohmann::ordered_json;

std::string encode_documents(const storage::OperatorDocuments& documents) {
    Json json{{"rules", Json::array()}, {"watchlists", Json::array()}};
    for (const storage::AlertRule& rule : documents.rules) {
        json["rules"].push_back({{"name", rule.name},
                                 {"expression", rule.expression},
                                 {"scope", rule.scope},
                                 {"cooldown_sec", rule.cooldown.count()},
                                 {"enabled", rule.enabled},
                                 {"version", rule.version}});
    }
    for (const storage::Watchlist& list : documents.watchlists) {
        json["watchlists"].push_back(
            {{"id", list.id}, {"name", list.name}, {"symbols", list.symbols}, {"version", list.version}});
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<storage::OperatorDocuments> decode_documents(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    try {
        storage::OperatorDocuments documents;
        documents.loaded = true;
        if (json.at("rules").size() > kMaxRecordedDocuments || json.at("watchlists").size() > kMaxRecordedDocuments)
            return std::nullopt;
        for (const Json& from : json.at("rules")) {
            storage::AlertRule& rule = documents.rules.emplace_back();
            rule.name = from.at("name").get<std::string>();
            rule.expression = from.at("expression").get<std::string>();
            rule.scope = from.at("scope").get<std::string>();
            rule.cooldown = std::chrono::seconds(from.at("cooldown_sec").get<std::int32_t>());
            rule.enabled = from.at("enabled").get<bool>();
            rule.version = from.at("version").get<std::int64_t>();
        }
        for (const Json& from : json.at("watchlists")) {
            storage::Watchlist& list = documents.watchlists.emplace_back();
            list.id = from.at("id").get<std::int64_t>();
            list.name = from.at("name").get<std::string>();
            list.symbols = from.at("symbols").get<std::vector<std::string>>();
            list.version = from.at("version").get<std::int64_t>();
        }
        return documents;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace scanner::app
