#include "app/commands.hpp"
#include "app/commands/command_line.hpp"
#include "app/progress.hpp"
#include "app/stores.hpp"
#include "app/wiring.hpp"

#include "scanner/api/ranking_items.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/core/names.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/settings/settings_load.hpp"
#include "scanner/signals/numbers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

/// What is not written by then waits in the spool for the next start.
constexpr std::chrono::seconds kStoresGrace{10};

const std::vector<ranking::RankedEntry>& ranked_by_default(const ranking::Ranking& ranking) {
    static const std::vector<ranking::RankedEntry> kNone;
    const auto found = ranking.ranked.find(ranking.settings.default_profile);
    return found == ranking.ranked.end() ? kNone : found->second;
}

/// Three decimals, or a dash for what is unknown.
std::string cell(const std::optional<double>& number) {
    return number ? fmt::format("{:.3f}", *number) : "-";
}

std::string as_table(const ranking::Ranking& ranking, std::size_t top) {
    const auto& ranked = ranked_by_default(ranking);
    std::string text;
    if (ranking.settings.simulated) text += "SIMULATED market: nothing here is a real price.\n";
    text += fmt::format("{} contracts scanned, {} ranked under '{}' in {:.0f} ms with {} requests\n",
                        ranking.contracts.size(), ranked.size(), ranking.settings.default_profile, ranking.cycle_ms,
                        ranking.requests);
    for (const auto& [reason, count] : ranking.excluded_by_reason)
        text += fmt::format("  left out: {} ({})\n", count, reason);
    text += fmt::format("\n{:>4} {:<18} {:>9} {:>10} {:>10} {:>10} {:>7} {:>7} {:>8} {:>7}\n", "rank", "symbol",
                        "score", "qvol M", "spread bps", "slip bps", "atr %", "ret_1 %", "ret_15 %", "manip");
    for (std::size_t i = 0; i < std::min(top, ranked.size()); ++i) {
        const ranking::ContractSnapshot& snapshot = ranking.contract(ranked[i].contract);
        const signals::Metrics& metrics = snapshot.numbers.metrics;
        using signals::Metrics;
        const auto manip_score = signals::known<&signals::Manipulation::manip_score>(snapshot.numbers);
        text +=
            fmt::format("{:>4} {:<18} {:>9.4f} {:>10.2f} {:>10.2f} {:>10.2f} {:>7} {:>7} {:>8} {:>7}\n", ranked[i].rank,
                        snapshot.data.contract->symbol, ranked[i].score, metrics.qvol_usdt / 1e6, metrics.spread_bps,
                        metrics.slip_bps, cell(signals::known<&Metrics::atr_pct>(snapshot.numbers)),
                        cell(signals::known<&Metrics::ret_1>(snapshot.numbers)),
                        cell(signals::known<&Metrics::ret_15>(snapshot.numbers)),
                        manip_score ? fmt::format("{:.2f}", *manip_score) : "-");
    }
    return text;
}

std::string as_json(const ranking::Ranking& ranking, std::size_t top) {
    const auto& ranked = ranked_by_default(ranking);
    core::JsonWriter json(4096);
    json.begin_object()
        .field("ts", core::format_time(ranking.time))
        .field("profile", ranking.settings.default_profile)
        .field("simulated", ranking.settings.simulated)
        .field("notional_usdt", ranking.settings.notional_usdt)
        .field("cycle_ms", ranking.cycle_ms)
        .field("requests", ranking.requests)
        .field("symbols_scanned", ranking.contracts.size())
        .field("ranked", ranked.size());
    json.key("excluded").begin_object();
    for (const auto& [reason, count] : ranking.excluded_by_reason) json.field(reason, count);
    json.end_object().key("items");
    api::write_ranking_items(json, ranking, ranking.settings.default_profile, top);
    json.end_object();
    return std::move(json).take() + "\n";
}

}  // namespace

int run_collect_once(const settings::LoadedSettings& loaded, bool json, std::ostream& out) {
    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context io(1);
    engine::EngineObserver no_observer;
    const settings::Settings& settings = loaded.settings;
    const auto client = make_client(io.get_executor(), settings);
    const auto exchange = make_exchange(io.get_executor(), settings, *client, core::system_clock(), no_observer);
    const auto engine = engine::make_engine(io.get_executor(), *exchange, core::system_clock(),
                                            engine_options(settings, false), no_observer, make_first_scan_progress());
    Stores stores(io.get_executor(), settings, core::system_clock());
    const auto operator_service =
        operators::make_operator_service(stores.database().document_store(), operator_defaults(settings), nullptr);
    std::optional<core::Result<ranking::RankingPtr>> outcome;
    const auto cycle = [&]() -> asio::awaitable<void> {
        const auto opened = co_await stores.open(*engine);
        if (opened) {
            stores.follow(*engine);
        } else {
            // A scanner that runs on them stores its own cycles; this one is still worth seeing.
            std::cerr << "market-scanner: this cycle is not stored: " << core::visible_text(opened.error().message())
                      << '\n';
        }
        const auto simulated = co_await exchange::is_simulated(*client, settings.exchange_url);
        engine->set_options(engine_options(settings, simulated.value_or(true), operator_service->effective()));
        outcome = co_await engine->scan_once();
        co_await stores.close(kStoresGrace);
    };
    asio::co_spawn(io, cycle, [&](const std::exception_ptr& error) {
        if (error) outcome = core::fail(core::ErrorCode::internal, "the cycle ended with an exception");
        io.stop();
    });
    io.run();
    if (!outcome || !*outcome) {
        std::cerr << "market-scanner: nothing ranked: "
                  << core::visible_text(outcome ? outcome->error().message() : "no outcome") << '\n';
        return kExitFailure;
    }
    const ranking::Ranking& ranking = ***outcome;
    const auto top = static_cast<std::size_t>(settings.topn_default);
    out << (json ? as_json(ranking, top) : as_table(ranking, top)) << std::flush;
    return ranked_by_default(ranking).empty() ? kExitFailure : kExitOk;
}

}  // namespace scanner::app
