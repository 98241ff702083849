#pragma once

#include "scanner/core/error.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/market/market.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Books and candles read a second time, with another JSON library and straight from the rules: slow, short, and by
/// no optimisation. What the decoders of src/exchange/htx are compared with.
namespace scanner::fuzz {

using Json = nlohmann::json;

/// Levels, where the answer is a good one. Not comparable: a key that comes twice, of which both libraries may take
/// either, or no JSON.
struct PlainBook {
    bool comparable = false;
    std::optional<std::vector<market::Level>> bids;
    std::optional<std::vector<market::Level>> asks;
};
struct PlainCandles {
    bool comparable = false;
    std::optional<std::vector<market::Candle>> candles;
};

/// Whether the fast decoder refused the text before it looked at what it says: the two libraries differ in how they
/// read numbers beyond 64 bits and bytes that are no text.
inline bool is_json_complaint(const core::Error& error) {
    return error.message().find("no JSON object") != std::string::npos ||
           error.message().find("in place of JSON") != std::string::npos;
}

inline std::optional<Json> plain_json(std::string_view text) {
    std::vector<std::set<std::string>> open;
    bool repeated = false;
    const auto watch = [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        if (event == Json::parse_event_t::object_end) open.pop_back();
        if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) repeated = true;
        return true;
    };
    Json json = Json::parse(text.begin(), text.end(), watch, false);
    if (json.is_discarded() || repeated) return std::nullopt;
    return json;
}

inline bool plain_nothing(const Json& value) {
    return value.is_null() || (value.is_string() && (value == "" || value == "null"));
}

/// The member, where there is one that says something.
inline const Json* plain_member(const Json& object, const char* key) {
    if (!object.is_object() || !object.contains(key) || plain_nothing(object.at(key))) return nullptr;
    return &object.at(key);
}

inline std::optional<double> plain_number(const Json* value) {
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return core::parse_double(value->get<std::string>());
    if (!value->is_number() || !std::isfinite(value->get<double>())) return std::nullopt;
    return value->get<double>();
}

inline std::optional<std::int64_t> plain_integer(const Json* value) {
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return core::parse_int(value->get<std::string>());
    if (!value->is_number_integer()) return std::nullopt;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() > std::uint64_t{INT64_MAX}) return std::nullopt;
    return value->get<std::int64_t>();
}

inline bool plain_time(const Json* value) {
    const auto ms = plain_integer(value);
    return ms && *ms >= 1'000'000'000'000 && *ms <= 4'102'444'800'000;
}

inline bool plain_success(const Json& root, const market::Contract& contract) {
    if (!root.is_object()) return false;
    if (root.contains("status")) {
        if (root.at("status") != "ok") return false;
    } else if (!root.contains("code") || plain_integer(&root.at("code")) != 200) {
        return false;
    }
    const Json* channel = plain_member(root, "ch");
    if (channel != nullptr) {
        if (!channel->is_string()) return false;
        std::string name = channel->get<std::string>();
        std::string wanted = "market." + contract.contract_code + ".";
        // The prefix as it is, the contract in any case.
        if (!name.starts_with("market.") || name.size() < wanted.size()) return false;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const char c = name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
            const char w = wanted[i] >= 'a' && wanted[i] <= 'z' ? static_cast<char>(wanted[i] - 'a' + 'A') : wanted[i];
            if (c != w) return false;
        }
    }
    return plain_time(plain_member(root, "ts"));
}

inline std::optional<std::vector<market::Level>> plain_side(const Json& tick, const char* key, double sign,
                                                            double contract_size) {
    std::vector<market::Level> levels;
    const Json* entries = plain_member(tick, key);
    if (entries == nullptr) return levels;
    if (!entries->is_array()) return std::nullopt;
    for (const Json& entry : *entries) {
        if (!entry.is_array() || entry.size() < 2) return std::nullopt;
        const auto price = plain_number(&entry[0]);
        const auto contracts = plain_number(&entry[1]);
        if (!price || !contracts) return std::nullopt;
        const market::Level level{.price = *price, .size = *contracts * contract_size};
        if (!core::is_finite_positive(level.price) || !core::is_finite_positive(level.size)) return std::nullopt;
        if (!levels.empty() && !(sign * level.price > sign * levels.back().price)) return std::nullopt;
        levels.push_back(level);
    }
    return levels;
}

inline PlainBook plain_book(std::string_view text, const market::Contract& contract) {
    const auto root = plain_json(text);
    if (!root) return {};
    PlainBook book{.comparable = true};
    if (!plain_success(*root, contract)) return book;
    const Json* tick = plain_member(*root, "tick");
    if (tick == nullptr || !tick->is_object() || !plain_time(plain_member(*tick, "ts"))) return book;
    if (const Json* id = plain_member(*tick, "mrid"); id != nullptr && !plain_integer(id)) return book;
    auto bids = plain_side(*tick, "bids", -1.0, contract.contract_size);
    auto asks = plain_side(*tick, "asks", 1.0, contract.contract_size);
    if (!bids || !asks) return book;
    book.bids = std::move(bids);
    book.asks = std::move(asks);
    return book;
}

inline std::optional<market::Candle> plain_candle(const Json& row) {
    const auto second = plain_integer(plain_member(row, "id"));
    const auto open = plain_number(plain_member(row, "open"));
    const auto high = plain_number(plain_member(row, "high"));
    const auto low = plain_number(plain_member(row, "low"));
    const auto close = plain_number(plain_member(row, "close"));
    const auto amount = plain_number(plain_member(row, "amount"));
    if (!second || !open || !high || !low || !close || !amount) return std::nullopt;
    if (*second <= 0 || *second > 4'102'444'800 || *second % 60 != 0) return std::nullopt;
    if (!(*low > 0.0) || *low > *open || *low > *close || *high < *open || *high < *close) return std::nullopt;
    if (*amount < 0.0) return std::nullopt;
    return market::Candle{.open_time_ms = *second * 1000,
                          .open = *open,
                          .high = *high,
                          .low = *low,
                          .close = *close,
                          .base_volume = *amount};
}

/// Of one minute each.
inline PlainCandles plain_candles(std::string_view text, const market::Contract& contract) {
    const auto root = plain_json(text);
    if (!root) return {};
    PlainCandles answer{.comparable = true};
    if (!plain_success(*root, contract)) return answer;
    const Json* data = plain_member(*root, "data");
    if (data == nullptr || !data->is_array()) return answer;
    const std::int64_t now_ms = *plain_integer(plain_member(*root, "ts"));
    std::vector<market::Candle> candles;
    for (const Json& row : *data) {
        if (!row.is_object()) return answer;
        const auto candle = plain_candle(row);
        if (!candle || candle->open_time_ms > now_ms + 60'000) return answer;
        if (!candles.empty() && candle->open_time_ms <= candles.back().open_time_ms) return answer;
        candles.push_back(*candle);
    }
    if (candles.size() > 2000) candles.erase(candles.begin(), candles.end() - 2000);
    answer.candles = std::move(candles);
    return answer;
}

}  // namespace scanner::fuzz
