#include "exchange/answers.hpp"
#include "exchange/htx/decode_bulk.hpp"
#include "exchange/htx/decode_contract.hpp"
#include "exchange/htx/decode_contracts.hpp"
#include "exchange/htx/decode_health.hpp"
#include "exchange/soundness.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

// What a broken connection, a broken proxy or an attacker may send: no crash, no half-read answer taken for a
// whole one, and never a value that breaks the promises of the market types.
namespace scanner::exchange {
namespace {

const htx::ContractSizes kSizes{{"BTC-USDT", 0.001}, {"PEPE-USDT", 1e6}, {"XOM-USDT", 0.01}};

/// A decoder over an answer of its own: empty when the answer was refused, else whether the values keep their promises.
struct Subject {
    std::string name;
    std::string body;
    std::function<std::optional<bool>(rest::JsonParser&, const rest::Answer&)> decode;
};

template <class T, class Check>
std::optional<bool> verdict(const core::Result<T>& answer, Check check) {
    if (!answer) return std::nullopt;
    return check(*answer);
}

template <class T, class Check>
std::optional<bool> bulk_verdict(const core::Result<rest::BulkAnswer<T>>& answer, Check check) {
    return verdict(answer, [&](const auto& good) {
        for (const auto& [code, value] : good.bulk.by_contract) {
            if (code.empty() || code.size() > 64 || !check(value)) return false;
        }
        return true;
    });
}

std::vector<Subject> subjects() {
    using rest::Answer;
    using rest::JsonParser;
    return {
        {"contracts", test::kContracts,
         [](JsonParser& p, const Answer& a) { return verdict(htx::decode_contracts(p, a), test::sound_contracts); }},
        {"tickers", test::kTickers,
         [](JsonParser& p, const Answer& a) {
             return bulk_verdict(htx::decode_tickers(p, a, kSizes), test::sound_ticker);
         }},
        {"funding", test::kFunding,
         [](JsonParser& p, const Answer& a) { return bulk_verdict(htx::decode_funding(p, a), test::sound_funding); }},
        {"v5_funding", test::kV5Funding,
         [](JsonParser& p, const Answer& a) {
             return bulk_verdict(htx::decode_v5_funding(p, a), test::sound_funding);
         }},
        {"open_interest", test::kOpenInterest,
         [](JsonParser& p, const Answer& a) {
             return bulk_verdict(htx::decode_open_interest(p, a), test::sound_interest);
         }},
        {"v5_open_interest", test::kV5OpenInterest,
         [](JsonParser& p, const Answer& a) {
             return bulk_verdict(htx::decode_v5_open_interest(p, a, "BTC-USDT"), test::sound_interest);
         }},
        {"index", test::kIndex,
         [](JsonParser& p, const Answer& a) { return bulk_verdict(htx::decode_index(p, a), test::sound_index); }},
        {"depth", test::kDepth,
         [](JsonParser& p, const Answer& a) {
             return verdict(htx::decode_order_book(p, a, test::btc()), test::sound_book);
         }},
        {"candles", test::kCandles,
         [](JsonParser& p, const Answer& a) {
             return verdict(htx::decode_candles(p, a, test::btc(), 1, 2000), test::sound_candles);
         }},
        {"trades", test::kTrades,
         [](JsonParser& p, const Answer& a) {
             return verdict(htx::decode_trades(p, a, test::btc(), 2000), test::sound_trades);
         }},
        {"heartbeat", test::kHeartbeat,
         [](JsonParser& p, const Answer& a) {
             return verdict(htx::decode_heartbeat(p, a), [](const htx::Heartbeat&) { return true; });
         }},
    };
}

TEST(HostileAnswers, start_from_answers_that_are_read) {
    rest::JsonParser parser;
    for (const auto& subject : subjects()) {
        EXPECT_EQ(subject.decode(parser, test::ok(subject.body)), true) << subject.name;
    }
}

TEST(HostileAnswers, cut_short_at_any_byte_are_never_taken_for_whole) {
    rest::JsonParser parser;
    for (const auto& subject : subjects()) {
        for (std::size_t length = 0; length < subject.body.size(); ++length) {
            // A copy of just that length: reading past the end is then an error that a sanitizer sees.
            const std::string part(subject.body.data(), length);
            EXPECT_EQ(subject.decode(parser, test::ok(part)), std::nullopt) << subject.name << " at " << length;
        }
    }
}

TEST(HostileAnswers, with_their_beginning_lost_are_never_taken_for_whole) {
    rest::JsonParser parser;
    for (const auto& subject : subjects()) {
        for (std::size_t start = 1; start < subject.body.size(); ++start) {
            const std::string part = subject.body.substr(start);
            EXPECT_EQ(subject.decode(parser, test::ok(part)), std::nullopt) << subject.name << " from " << start;
        }
    }
}

TEST(HostileAnswers, with_bytes_changed_at_random_are_refused_or_sound) {
    std::mt19937_64 random(20261122);
    rest::JsonParser parser;
    for (const auto& subject : subjects()) {
        for (int round = 0; round < 5'000; ++round) {
            auto body = subject.body;
            const auto changes = 1 + random() % 4;
            for (std::uint64_t i = 0; i < changes; ++i) {
                const auto at = random() % body.size();
                if (random() % 2 == 0) {
                    body[at] = static_cast<char>(static_cast<unsigned char>(body[at]) ^ (1U << (random() % 8)));
                } else {
                    static constexpr std::string_view kLikely = "0123456789-+.eE\",:[]{}nul ";
                    body[at] = kLikely[random() % kLikely.size()];
                }
            }
            EXPECT_NE(subject.decode(parser, test::ok(body)), false) << subject.name << ": " << body;
        }
    }
}

TEST(HostileAnswers, with_stretches_moved_about_are_refused_or_sound) {
    std::mt19937_64 random(7);
    rest::JsonParser parser;
    for (const auto& subject : subjects()) {
        for (int round = 0; round < 2'000; ++round) {
            auto body = subject.body;
            const auto from = random() % body.size();
            const auto length = 1 + random() % 60;
            const auto piece = body.substr(from, length);
            if (random() % 2 == 0) body.erase(from, length);
            if (!body.empty()) body.insert(random() % body.size(), piece);
            EXPECT_NE(subject.decode(parser, test::ok(body)), false) << subject.name << ": " << body;
        }
    }
}

TEST(HostileAnswers, with_extreme_numbers_are_refused_or_sound) {
    static constexpr std::string_view kNumbers[] = {"0",
                                                    "-0.0",
                                                    "-1",
                                                    "1e308",
                                                    "1e-320",
                                                    "1e999",
                                                    "9223372036854775807",
                                                    "9223372036854775808",
                                                    "18446744073709551615",
                                                    "18446744073709551616",
                                                    "-9223372036854775808",
                                                    "0.000000000000000000000000000000000001",
                                                    "null",
                                                    "true",
                                                    "[]",
                                                    "{}",
                                                    "\"\"",
                                                    "\"NaN\"",
                                                    "\"inf\"",
                                                    "\"0x10\"",
                                                    "\" 1\"",
                                                    "\"1,5\""};
    rest::JsonParser parser;
    for (const auto& subject : subjects()) {
        const auto& body = subject.body;
        for (std::size_t at = 0; at < body.size(); ++at) {
            const auto is_number = [&body](std::size_t i) {
                return i < body.size() && std::string_view("0123456789.eE-+").find(body[i]) != std::string_view::npos;
            };
            // Where a bare number starts.
            if (!is_number(at) || std::string_view(":[,").find(body[at - 1]) == std::string_view::npos) continue;
            std::size_t end = at;
            while (is_number(end)) ++end;
            for (const auto number : kNumbers) {
                const auto changed = body.substr(0, at) + std::string(number) + body.substr(end);
                EXPECT_NE(subject.decode(parser, test::ok(changed)), false) << subject.name << ": " << changed;
            }
        }
    }
}

TEST(HostileAnswers, nested_without_end_are_refused) {
    rest::JsonParser parser;
    const std::string deep = R"({"status":"ok","ts":1790677524306,"data":)" + std::string(100'000, '[');
    const std::string closed = deep + std::string(100'000, ']') + "}";
    for (const auto& subject : subjects()) {
        EXPECT_EQ(subject.decode(parser, test::ok(deep)), std::nullopt) << subject.name;
        EXPECT_EQ(subject.decode(parser, test::ok(closed)), std::nullopt) << subject.name;
    }
}

TEST(HostileAnswers, leave_the_parser_fit_for_the_next_one) {
    rest::JsonParser parser;
    for (const auto& subject : subjects()) {
        EXPECT_EQ(subject.decode(parser, test::ok("{\"status\":")), std::nullopt);
        EXPECT_EQ(subject.decode(parser, test::ok(subject.body)), true) << subject.name;
    }
}

}  // namespace
}  // namespace scanner::exchange
