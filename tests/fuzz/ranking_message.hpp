#pragma once

#include "fuzz/check.hpp"
#include "ranking/stream/parts.hpp"
#include "ranking/stream/patch.hpp"

#include "scanner/ranking/ranking_stream.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace scanner::fuzz {

/// A small ranking with something in each of its parts.
inline ranking::PackedRankingPtr small_ranking(std::uint64_t sequence) {
    auto ranking = std::make_shared<ranking::Ranking>();
    ranking->sequence = sequence;
    ranking->has_flow = true;
    ranking->profiles = {{.name = "scalp", .weights = {}}};
    for (const std::string code : {"AAA-USDT", "BBB-USDT"}) {
        auto snapshot = std::make_shared<ranking::ContractSnapshot>();
        snapshot->data.contract = std::make_shared<const market::Contract>(market::Contract{
            .contract_code = code, .symbol = code, .contract_size = 1, .price_tick = 1, .unreadable = ""});
        snapshot->data.ticker.last = static_cast<double>(sequence);
        market::OrderBook book;
        book.bids = {{.price = 1, .size = 2}};
        snapshot->data.order_book = std::make_shared<const market::OrderBook>(book);
        snapshot->data.candles = std::make_shared<const std::vector<market::Candle>>(3);
        snapshot->numbers.manipulation.manip_flags = {"wall"};
        snapshot->notes = {"a note"};
        ranking->contracts.push_back(snapshot);
        ranking->flow.push_back(std::make_shared<const signals::FlowNumbers>());
    }
    ranking->edges.resize(2);
    ranking->ranked["scalp"] = {{.contract = 1, .rank = 1, .components = {}},
                                {.contract = 0, .rank = 2, .components = {}}};
    ranking->exclusions = {{"CCC-USDT", "volume", ""}};
    return ranking::pack_ranking(std::move(ranking), {.extras = {std::make_shared<const std::string>("extra")}},
                                 nullptr);
}

inline void expect_sound(const ranking::Ranking& ranking) {
    require(ranking.edges.size() == ranking.contracts.size(), "every contract has its edges");
    require(ranking.flow.empty() || ranking.flow.size() == ranking.contracts.size(), "and its flow");
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        require(ranking.contracts[i] != nullptr && ranking.contract(i).data.contract != nullptr, "no contract is null");
        const market::MarketData& data = ranking.contract(i).data;
        require(data.closed_candles <= (data.candles ? data.candles->size() : 0), "closed candles are candles");
        require(ranking.index_of(data.contract->contract_code) == i, "a contract is found by its code");
    }
    for (const auto& [profile, entries] : ranking.ranked) {
        for (const ranking::RankedEntry& entry : entries) {
            require(entry.contract < ranking.contracts.size(), "a ranked entry has its contract");
        }
    }
}

/// Messages of the ranking stream from any writer. Their hash and their compression keep a fuzzer from getting
/// anywhere, so one of the parts of a sound ranking is replaced by what it made as well.
inline void ranking_message(std::string_view input) {
    const auto base = small_ranking(7);
    static_cast<void>(ranking::decode_message(input, base.get(), {}));
    std::string_view patches = input;
    const std::size_t size = input.size() / 2;
    const auto made = ranking::read_patch(patches, *base->parts->contracts[0][ranking::Part::candles], size);
    require(!made || made->size() == size, "a patch makes as much as it is asked for");

    const std::size_t place = take_choice(input) % (ranking::kBlocks + ranking::kContractParts);
    ranking::RankingParts parts = *base->parts;
    const auto bytes = std::make_shared<const std::string>(input);
    if (place < ranking::kBlocks) {
        parts.blocks[place] = bytes;
    } else {
        parts.contracts[1].parts[place - ranking::kBlocks] = bytes;
    }
    ranking::StreamNote note;
    const auto read = ranking::unpack_ranking(parts, base->parts.get(), base->ranking.get(), note);
    if (!read) return;
    expect_sound(**read);
    const auto again = ranking::pack_ranking(*read, note, nullptr);
    const auto sent = ranking::decode_message(ranking::encode_snapshot(*again, {}), nullptr, {});
    require(sent.has_value(), "a ranking that was read can be sent on");
    require(ranking::encode_snapshot(**sent, {}) == ranking::encode_snapshot(*again, {}), "and arrives as it is");
}

}  // namespace scanner::fuzz
