#pragma once

#include "exchange/answers.hpp"
#include "exchange/htx/decode_bulk.hpp"
#include "exchange/htx/decode_health.hpp"
#include "exchange/soundness.hpp"
#include "fuzz/check.hpp"
#include "fuzz/plain_decoder.hpp"

#include <string_view>

namespace scanner::fuzz {

namespace htx = exchange::htx;

template <class T, class Check>
void check_decoded(const core::Result<T>& answer, Check sound) {
    if (answer) {
        require(sound(*answer), "what is decoded keeps the promises of the market types");
    } else {
        require(!answer.error().message().empty(), "an answer is refused with a reason");
    }
}

template <class T, class Check>
void check_bulk(const core::Result<exchange::rest::BulkAnswer<T>>& answer, Check sound) {
    check_decoded(answer, [&](const auto& good) {
        for (const auto& [code, value] : good.bulk.by_contract) {
            if (code.empty() || code.size() > 64 || !sound(value)) return false;
        }
        return true;
    });
}

/// The fast decoder and the plain one agree on whether the answer is good, and on every value.
inline void compare_books(const core::Result<exchange::BookAnswer>& fast, const PlainBook& plain) {
    if (!plain.comparable) return;
    if (!fast) {
        require(!plain.bids || is_json_complaint(fast.error()), "a book that the plain decoder reads is read");
        return;
    }
    require(plain.bids.has_value() && plain.asks.has_value(), "a book that the plain decoder refuses is refused");
    const auto equal = [](const std::vector<market::Level>& a, const std::vector<market::Level>& b) {
        return std::ranges::equal(a, b,
                                  [](const auto& x, const auto& y) { return x.price == y.price && x.size == y.size; });
    };
    require(equal(fast->book.bids, *plain.bids) && equal(fast->book.asks, *plain.asks), "both read the same levels");
}

inline void compare_candles(const core::Result<exchange::CandleBatch>& fast, const PlainCandles& plain) {
    if (!plain.comparable) return;
    if (!fast) {
        require(!plain.candles || is_json_complaint(fast.error()), "candles that the plain decoder reads are read");
        return;
    }
    require(plain.candles.has_value(), "candles that the plain decoder refuses are refused");
    const auto same = [](const market::Candle& a, const market::Candle& b) {
        return a.open_time_ms == b.open_time_ms && a.open == b.open && a.high == b.high && a.low == b.low &&
               a.close == b.close && a.base_volume == b.base_volume;
    };
    require(std::ranges::equal(fast->candles, *plain.candles, same), "both read the same candles");
}

/// The bodies of the exchange's answers. The first byte chooses whose; two of them are decoded twice.
inline void exchange_answer(std::string_view input) {
    static exchange::rest::JsonParser parser;
    static const market::Contract kContract = exchange::test::btc();
    static const htx::ContractSizes kSizes{{"BTC-USDT", 0.001}, {"PEPE-USDT", 1e6}, {"XOM-USDT", 0.01}};
    const unsigned char choice = take_choice(input);
    const exchange::rest::Answer answer{.http_status = choice < 200 ? 200 : 502, .body = input};
    namespace sound = exchange::test;
    switch (choice % 11) {
        case 0: return check_decoded(htx::decode_contracts(parser, answer), sound::sound_contracts);
        case 1: return check_bulk(htx::decode_tickers(parser, answer, kSizes), sound::sound_ticker);
        case 2: return check_bulk(htx::decode_funding(parser, answer), sound::sound_funding);
        case 3: return check_bulk(htx::decode_v5_funding(parser, answer), sound::sound_funding);
        case 4: return check_bulk(htx::decode_open_interest(parser, answer), sound::sound_interest);
        case 5: return check_bulk(htx::decode_v5_open_interest(parser, answer, "BTC-USDT"), sound::sound_interest);
        case 6: return check_bulk(htx::decode_index(parser, answer), sound::sound_index);
        case 7: {
            const auto book = htx::decode_order_book(parser, answer, kContract);
            check_decoded(book, sound::sound_book);
            if (answer.http_status == 200) compare_books(book, plain_book(input, kContract));
            return;
        }
        case 8: {
            const auto candles = htx::decode_candles(parser, answer, kContract, 1, 2000);
            check_decoded(candles, sound::sound_candles);
            if (answer.http_status == 200) compare_candles(candles, plain_candles(input, kContract));
            return;
        }
        case 9: return check_decoded(htx::decode_trades(parser, answer, kContract, 2000), sound::sound_trades);
        default: check_decoded(htx::decode_heartbeat(parser, answer), [](const htx::Heartbeat&) { return true; });
    }
}

}  // namespace scanner::fuzz
