#include "app/commands/rules_command.hpp"

#include "app/commands/command_line.hpp"
#include "app/commands/invocation.hpp"
#include "app/rules/past_contract.hpp"
#include "app/stores.hpp"

#include "scanner/alerts/edges.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/settings/settings.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPageRows = 2'000;
constexpr std::size_t kMaxAlertsPerCycle = 200;  // as alerts::AlertOptions has it
constexpr std::chrono::seconds kDefaultCooldown{300};
constexpr std::chrono::seconds kGrace{2};

struct Arguments {
    std::string expression;
    std::optional<core::WallTime> from;
    std::optional<core::WallTime> to;
    std::optional<std::string> profile;
    std::chrono::seconds cooldown = kDefaultCooldown;
    Invocation invocation;  ///< settings given as flags
};

std::expected<Arguments, std::string> read_arguments(const std::vector<std::string>& given) {
    if (given.empty() || given.front() != "try") return std::unexpected(std::string("expected: rules try EXPRESSION"));
    Arguments read;
    for (std::size_t i = 1; i < given.size(); ++i) {
        const std::string_view word = given[i];
        if (!word.starts_with("--")) {
            if (!read.expression.empty()) return std::unexpected(std::string("one rule: put it in quotes"));
            read.expression = word;
            continue;
        }
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
        const auto infos = settings::setting_infos();
        const auto info = std::ranges::find(infos, name, &settings::SettingInfo::flag);
        const bool own =
            name == "from" || name == "to" || name == "profile" || name == "cooldown" || name == "env-file";
        if (info == infos.end() && !own) return std::unexpected(fmt::format("unknown flag --{}", name));
        if (equals == std::string_view::npos && ++i == given.size()) {
            return std::unexpected(fmt::format("--{} needs a value", name));
        }
        std::string value(equals == std::string_view::npos ? std::string_view(given[i]) : word.substr(equals + 1));
        if (info != infos.end()) {
            read.invocation.flags.insert_or_assign(std::string(info->name), std::move(value));
        } else if (name == "env-file") {
            read.invocation.env_file = std::move(value);
        } else if (name == "profile") {
            read.profile = std::move(value);
        } else if (name == "cooldown") {
            const auto seconds = core::parse_int(value);
            if (!seconds || *seconds < 0) return std::unexpected(std::string("--cooldown: must be whole seconds"));
            read.cooldown = std::chrono::seconds(*seconds);
        } else {
            const auto time = core::parse_time(value);
            if (!time) return std::unexpected(fmt::format("--{}: must be a time as 2026-11-30T19:33:10Z", name));
            (name == "from" ? read.from : read.to) = *time;
        }
    }
    if (read.expression.empty()) return std::unexpected(std::string("rules try needs a rule, in quotes"));
    return read;
}

/// A rule and what it has seen so far.
class Trial {
public:
    Trial(rules::Rule rule, std::chrono::seconds cooldown, std::ostream& out)
        : rule_(std::move(rule)), fields_(rule_), out_(out) {
        edge_ = {.name = "tried", .fingerprint = 1, .hold = rule_.hold(), .cooldown = cooldown};
    }

    [[nodiscard]] bool needs_inputs() const { return fields_.needs_inputs(); }

    /// Rows of one cycle follow each other.
    void take(const storage::RankingRow& row) {
        if (!contracts_.empty() && (row.time != time_ || row.sequence != sequence_)) end_cycle();
        time_ = row.time;
        sequence_ = row.sequence;
        if (auto contract = PastContract::of(row, fields_)) {
            contracts_.push_back(std::move(*contract));
        } else {
            ++without_inputs_;
        }
    }

    void end_cycle() {
        if (contracts_.empty()) return;
        std::vector<alerts::AlertEdges::Observation> seen;
        seen.reserve(contracts_.size());
        for (const PastContract& contract : contracts_) {
            seen.push_back({.contract_code = contract.contract_code(), .holds = rule_.holds(contract.subject())});
        }
        ++cycles_;
        looked_at_ += contracts_.size();
        for (const std::size_t index : edges_.step(edge_, seen, time_, kMaxAlertsPerCycle)) {
            const rules::RuleSubject subject = contracts_[index].subject();
            ++fired_;
            out_ << fmt::format("{} {} rank {} score {:.4f}\n", core::format_time(time_), contracts_[index].symbol(),
                                subject.rank, subject.score);
        }
        contracts_.clear();
    }

    [[nodiscard]] std::string summary(double seconds) const {
        std::string text = fmt::format("{} cycles, {} contracts looked at, {} alerts, {:.1f} s\n", cycles_, looked_at_,
                                       fired_, seconds);
        if (without_inputs_ > 0) {
            text += fmt::format("{} rows had no inputs any more (SCANNER_INPUTS_RETENTION_DAYS) and were passed over\n",
                                without_inputs_);
        }
        return text;
    }

private:
    const rules::Rule rule_;
    const PastFields fields_;
    std::ostream& out_;
    alerts::AlertEdges edges_;
    alerts::AlertEdges::Rule edge_;
    std::vector<PastContract> contracts_;
    core::WallTime time_;
    std::uint64_t sequence_ = 0;
    std::uint64_t cycles_ = 0;
    std::uint64_t looked_at_ = 0;
    std::uint64_t fired_ = 0;
    std::uint64_t without_inputs_ = 0;
};

asio::awaitable<core::Result<void>> try_on_history(storage::Store& store, Trial& trial, storage::RankingsQuery query) {
    if (auto opened = co_await store.open(); !opened) co_return opened;
    core::Result<void> result;
    for (;;) {
        auto page = co_await store.history().rankings(query);
        if (!page) {
            result = std::unexpected(page.error());
            break;
        }
        for (const storage::RankingRow& row : page->rows) trial.take(row);
        if (page->next.empty()) break;
        query.cursor = std::move(page->next);
    }
    trial.end_cycle();
    co_await store.close(kGrace);
    co_return result;
}

}  // namespace

int run_rules(const std::vector<std::string>& arguments, const settings::SettingTexts& environment, std::ostream& out,
              std::ostream& err) {
    const auto complain = [&err](const std::string& what, int code) {
        err << "market-scanner: rules: " << core::visible_text(what) << '\n';
        if (code == kExitUsage) err << "`market-scanner rules --help` says more.\n";
        return code;
    };
    const auto read = read_arguments(arguments);
    if (!read) return complain(read.error(), kExitUsage);
    const auto rule = rules::Rule::compile(read->expression);
    if (!rule) return complain(rules::to_string(rule.error()), kExitUsage);
    if (const auto not_kept = PastFields::not_kept(*rule)) return complain(*not_kept, kExitUsage);
    const auto loaded = read_settings(read->invocation, environment);
    if (!loaded) return complain(loaded.error().front(), kExitUsage);

    asio::io_context io(1);
    const auto store = make_database(io.get_executor(), loaded->settings, core::system_clock());
    Trial trial(*rule, read->cooldown, out);
    storage::RankingsQuery query;
    query.from = read->from.value_or(core::from_unix_ms(0));
    query.to = read->to.value_or(core::system_clock().now() + std::chrono::hours(24));
    query.profile = read->profile.value_or(loaded->settings.profile_default);
    query.with_inputs = trial.needs_inputs();
    query.limit = kPageRows;
    core::Result<void> result = core::fail(core::ErrorCode::internal, "it did not run");
    const auto began = std::chrono::steady_clock::now();
    asio::co_spawn(io, try_on_history(*store, trial, std::move(query)),
                   [&](const std::exception_ptr&, core::Result<void> outcome) { result = std::move(outcome); });
    io.run();
    if (!result) return complain(result.error().message(), kExitFailure);
    out.flush();
    err << trial.summary(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    return out ? kExitOk : kExitFailure;
}

}  // namespace scanner::app
