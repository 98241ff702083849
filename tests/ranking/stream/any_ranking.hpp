#pragma once

#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/numbers.hpp"

#include <boost/pfr/core.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Rankings with a random value in every member, and whether two are the same in every member. Both go by the structs
/// themselves, so that a member which is added later is looked at too.
namespace scanner::ranking::test {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t size>
inline constexpr bool is_array<std::array<T, size>> = true;
template <class T>
inline constexpr bool is_shared = false;
template <class T>
inline constexpr bool is_shared<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class K, class V>
inline constexpr bool is_map<std::map<K, V>> = true;

class AnyRanking {
public:
    /// `whole`: no contract lacks its book or its candles.
    explicit AnyRanking(std::uint64_t seed, bool whole = false) : random_(seed), whole_(whole) {}

    Ranking first(std::size_t contracts) {
        Ranking ranking;
        for (std::size_t i = 0; i < contracts; ++i)
            ranking.contracts.push_back(contract(fmt::format("C{:04}-USDT", i)));
        fill_rest(ranking, 1 + below(1'000));
        return ranking;
    }
    /// What may come after it: contracts that are the very same, that share some of what they have, that are gone or
    /// new.
    Ranking after(const Ranking& before) {
        Ranking ranking;
        for (const ContractSnapshotPtr& old : before.contracts) {
            const std::size_t what = below(20);
            if (what == 0) continue;
            ranking.contracts.push_back(what < 10 ? old : changed(*old));
        }
        const std::size_t fresh = below(3);
        for (std::size_t i = 0; i < fresh; ++i)
            ranking.contracts.push_back(contract(fmt::format("N{:06}-USDT", below(1'000'000))));
        const auto code_of = [](const ContractSnapshotPtr& each) { return each->data.contract->contract_code; };
        std::ranges::sort(ranking.contracts, {}, code_of);
        const auto twice = std::ranges::unique(ranking.contracts, {}, code_of);
        ranking.contracts.erase(twice.begin(), twice.end());
        fill_rest(ranking, before.sequence + 1 + below(3));
        return ranking;
    }
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

private:
    /// A member of any type; what the messages take for granted is put right afterwards.
    template <class T>
    void fill(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            value = below(2) == 1;
        } else if constexpr (std::is_same_v<T, double>) {
            value = number();
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(below(2));
        } else if constexpr (std::is_integral_v<T>) {
            value = static_cast<T>(below(1'000'000));
        } else if constexpr (std::is_same_v<T, std::string>) {
            value = fmt::format("text {} \"", below(1'000));
        } else if constexpr (std::is_same_v<T, std::string_view>) {
            constexpr std::array<std::string_view, 3> kNames{"wall", "wash_trading", "z_15s"};
            value = kNames[below(kNames.size())];
        } else if constexpr (std::is_same_v<T, core::WallTime>) {
            value = core::from_unix_ms(1'790'000'000'000 + static_cast<std::int64_t>(below(1'000'000'000)));
        } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
            value = std::chrono::milliseconds(below(100'000));
        } else if constexpr (is_optional<T>) {
            value.reset();
            if (below(4) != 0) fill(value.emplace());
        } else if constexpr (is_vector<T>) {
            value.clear();
            value.resize(below(12));
            for (auto& each : value) fill(each);
        } else if constexpr (is_array<T>) {
            for (auto& each : value) fill(each);
        } else if constexpr (is_shared<T>) {
            auto made = std::make_shared<std::remove_const_t<typename T::element_type>>();
            fill(*made);
            value = std::move(made);
        } else if constexpr (is_map<T>) {
            value.clear();  // by fill_rest
        } else if constexpr (std::is_same_v<T, signals::NumberSet>) {
            value = {};
        } else if constexpr (std::is_same_v<T, market::Inputs>) {
            for (const market::Input input : market::kInputs) fill(value[input]);
            fill(value.tape());
        } else {
            boost::pfr::for_each_field(value, [this](auto& member) { this->fill(member); });
            put_right(value);
        }
    }
    template <class T>
    static void put_right(T& /*value*/) {}
    static void put_right(market::Level& level) {
        level.price = std::abs(level.price) + 1e-9;
        level.size = std::abs(level.size) + 1e-9;
    }
    static void put_right(market::Contract& contract) {
        contract.contract_size = std::abs(contract.contract_size) + 1e-9;
        contract.price_tick = std::abs(contract.price_tick) + 1e-9;
    }
    static void put_right(market::Ticker& ticker) { ticker.last = std::abs(ticker.last) + 1e-9; }
    void put_right(signals::FlagDetail& detail) {
        detail.evidence_count = below(detail.evidence.size() + 1);
        for (std::size_t i = detail.evidence_count; i < detail.evidence.size(); ++i) detail.evidence[i] = {};
    }

    void put_right(ContractSnapshot& snapshot, const std::string& code) {
        if (snapshot.data.contract == nullptr || snapshot.data.contract->contract_code != code) {
            market::Contract contract;
            fill(contract);
            contract.contract_code = code;
            snapshot.data.contract = std::make_shared<const market::Contract>(contract);
        }
        if (snapshot.data.candles != nullptr) {
            auto candles = *snapshot.data.candles;
            std::ranges::sort(candles, {}, &market::Candle::open_time_ms);
            if (!std::ranges::equal(candles, *snapshot.data.candles, {}, &market::Candle::open_time_ms,
                                    &market::Candle::open_time_ms))
                snapshot.data.candles = std::make_shared<const std::vector<market::Candle>>(candles);
        }
        snapshot.data.closed_candles = snapshot.data.candles == nullptr ? 0 : below(snapshot.data.candles->size() + 1);
        for (const signals::NumberField& field : signals::kNumbers) {
            if (field.can_be_unknown && field.group != signals::FieldGroup::edges && below(5) == 0)
                snapshot.numbers.unknown.add(field.number);
        }
    }
    ContractSnapshotPtr contract(const std::string& code) {
        auto snapshot = std::make_shared<ContractSnapshot>();
        fill(*snapshot);
        put_right(*snapshot, code);
        return snapshot;
    }
    ContractSnapshotPtr changed(const ContractSnapshot& old) {
        auto snapshot = std::make_shared<ContractSnapshot>(old);
        if (below(2) == 0) fill(snapshot->data.ticker);
        if (below(2) == 0) fill(snapshot->data.order_book);
        if (below(8) == 0 && !whole_) snapshot->data.order_book = nullptr;
        if (below(4) == 0) fill(snapshot->data.candles);
        if (below(8) == 0 && !whole_) snapshot->data.candles = nullptr;
        if (below(2) == 0) fill(snapshot->data.inputs);
        if (below(2) == 0) fill(snapshot->numbers);
        if (below(8) == 0) snapshot->numbers.detection.verdict = nullptr;
        if (below(4) == 0) fill(snapshot->notes);
        put_right(*snapshot, old.data.contract->contract_code);
        return snapshot;
    }
    void fill_rest(Ranking& ranking, std::uint64_t sequence) {
        const auto contracts = std::move(ranking.contracts);
        fill(ranking);
        ranking.contracts = contracts;
        ranking.sequence = sequence;
        ranking.edges.resize(contracts.size());
        for (signals::Edges& edges : ranking.edges) {
            fill(edges);
            for (const signals::NumberField& field : signals::kNumbers) {
                if (field.group == signals::FieldGroup::edges && below(5) == 0) edges.unknown.add(field.number);
            }
        }
        ranking.flow.resize(ranking.has_flow ? contracts.size() : 0);
        for (FlowNumbersPtr& flow : ranking.flow) {
            fill(flow);
            if (below(3) == 0) flow = nullptr;
        }
        ranking.ranked.clear();
        for (const std::string profile : {"scalp", "swing", "of the operator"}) {
            std::vector<RankedEntry>& entries = ranking.ranked[profile];
            for (std::size_t i = 0; i < contracts.size(); ++i) {
                if (below(4) == 0) continue;
                fill(entries.emplace_back());
                entries.back().contract = i;
            }
            std::ranges::shuffle(entries, random_);
        }
        ranking.excluded_by_reason.clear();
        for (const Exclusion& exclusion : ranking.exclusions) ++ranking.excluded_by_reason[exclusion.reason];
    }
    double number() {
        switch (below(6)) {
            case 0: return 0.0;
            case 1: return -0.0;
            case 2: return static_cast<double>(below(1'000)) / 8.0;
            default: return std::uniform_real_distribution(-1e6, 1e6)(random_);
        }
    }

    std::mt19937_64 random_;
    bool whole_;
};

/// Where two values differ, by the position of members; empty where they do not. Doubles bit by bit.
template <class T>
std::string difference(const T& left, const T& right) {
    if constexpr (std::is_same_v<T, double>) {
        if (std::bit_cast<std::uint64_t>(left) == std::bit_cast<std::uint64_t>(right)) return {};
        return fmt::format("{} and {}", left, right);
    } else if constexpr (is_optional<T>) {
        if (left.has_value() != right.has_value()) return "one is empty";
        return left ? difference(*left, *right) : std::string();
    } else if constexpr (is_shared<T>) {
        if ((left == nullptr) != (right == nullptr)) return "one is missing";
        return left == right ? std::string() : difference(*left, *right);
    } else if constexpr (is_vector<T> || is_array<T>) {
        if (left.size() != right.size()) return fmt::format("{} and {} values", left.size(), right.size());
        for (std::size_t i = 0; i < left.size(); ++i) {
            if (const auto found = difference(left[i], right[i]); !found.empty())
                return fmt::format("[{}] {}", i, found);
        }
        return {};
    } else if constexpr (is_map<T>) {
        if (left.size() != right.size()) return "maps of two sizes";
        for (const auto& [key, value] : left) {
            const auto other = right.find(key);
            if (other == right.end()) return "a key is missing";
            if (const auto found = difference(value, other->second); !found.empty()) return found;
        }
        return {};
    } else if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string> &&
                         !std::is_same_v<T, std::string_view> && !std::is_same_v<T, market::Inputs> &&
                         !std::is_same_v<T, signals::NumberSet> && !std::is_same_v<T, core::WallTime> &&
                         !std::is_same_v<T, std::chrono::milliseconds>) {
        std::string found;
        boost::pfr::for_each_field(left, [&](const auto& member, auto place) {
            if (!found.empty()) return;
            const auto inside = difference(member, boost::pfr::get<place>(right));
            if (!inside.empty()) found = fmt::format(".{} {}", static_cast<std::size_t>(place), inside);
        });
        return found;
    } else {
        return left == right ? std::string() : "different";
    }
}

}  // namespace scanner::ranking::test
