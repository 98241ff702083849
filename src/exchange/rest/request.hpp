#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace scanner::exchange::rest {

/// Which of the venue's request budgets a request spends: an index into CallerSetup::requests_per_sec.
enum class Budget : std::uint8_t {};

/// What an answer is for. The scanner cannot do without the essential ones; a venue numbers its others from 1, each of
/// which may be missing, and has a breaker of its own, so that its failures cost nothing else.
enum class Purpose : std::uint8_t { essential = 0 };

/// One GET: which method of the adapter it serves (a metric label), whose budget it spends, what for, path and query.
struct Request {
    std::string_view method;
    Budget budget{};
    Purpose purpose = Purpose::essential;
    bool about_one_contract = false;  ///< what is odd in its answer says nothing of the other contracts
    std::string target;
};

}  // namespace scanner::exchange::rest
