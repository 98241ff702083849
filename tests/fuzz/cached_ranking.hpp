#pragma once

#include "fuzz/check.hpp"

#include "scanner/ranking/ranking_codec.hpp"

#include <chrono>
#include <cmath>
#include <string>
#include <string_view>

namespace scanner::fuzz {

/// Rankings that Redis gives back, from any writer.
inline void cached_ranking(std::string_view input) {
    const auto ranking = ranking::decode_ranking(input);
    if (!ranking) return;
    require(*ranking != nullptr, "a ranking that was read is there");
    require((*ranking)->sequence >= 1 && (*ranking)->sequence <= ranking::kMaxSequence,
            "a sequence number is in range");
    require(core::is_unix_ms(core::to_unix_ms((*ranking)->time)), "a time is in range");
    require((*ranking)->settings.notional_usdt >= 0 && (*ranking)->settings.max_spread_bps >= 0, "limits are in range");
    for (const auto& [profile, entries] : (*ranking)->ranked) {
        for (const ranking::RankedEntry& entry : entries) {
            require(entry.contract < (*ranking)->contracts.size(), "a ranked entry has its contract");
            require(std::isfinite(entry.score), "scores are finite");
        }
        static_cast<void>(ranking::encode_profile_order(**ranking, profile));
    }
    require((*ranking)->edges.size() == (*ranking)->contracts.size(), "every contract has its edges");
    for (std::size_t i = 0; i < (*ranking)->contracts.size(); ++i) {
        const ranking::ContractSnapshot& snapshot = (*ranking)->contract(i);
        require(snapshot.data.contract != nullptr, "a snapshot has its contract");
        require(snapshot.data.ticker.last > 0 && snapshot.data.contract->contract_size > 0, "prices are above 0");
        require(snapshot.data.data_time <= (*ranking)->time + std::chrono::minutes(1),
                "nothing is read after the rank");
        require((*ranking)->index_of(snapshot.data.contract->contract_code) == i, "a contract is found by its code");
    }
    const std::string written = ranking::encode_ranking(**ranking);
    const auto again = ranking::decode_ranking(written);
    require(again.has_value() && ranking::encode_ranking(**again) == written, "a ranking written is read back");
}

}  // namespace scanner::fuzz
