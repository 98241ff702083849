// Writes rankings through the real store (spool, then Postgres) and says how fast: for bench/history.sh, which loads
// the same rows with psql beside it.
//   history-writes URL DATA_DIR CYCLES [CSV]      CYCLES of 3 profiles x 130 contracts; the rows also to CSV

#include "scanner/core/clock.hpp"
#include "scanner/core/random.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using scanner::core::WallTime;
using scanner::storage::HistoryBatch;
using scanner::storage::RankingRow;
using std::chrono::milliseconds;

constexpr int kContracts = 130;
constexpr milliseconds kBetweenCycles{5'000};

HistoryBatch make_batch(std::uint64_t sequence, WallTime start) {
    scanner::core::Random random(sequence);
    HistoryBatch batch;
    scanner::storage::CycleRecord cycle;
    cycle.sequence = sequence;
    cycle.time = start + sequence * kBetweenCycles;
    cycle.default_profile = "scalp";
    cycle.scanned = kContracts;
    cycle.ranked = 3 * kContracts;
    cycle.simulated = true;
    cycle.settings_json = "{}";
    for (const char* const profile : {"scalp", "swing", "news"}) {
        for (int rank = 1; rank <= kContracts; ++rank) {
            RankingRow row;
            row.time = cycle.time;
            row.sequence = sequence;
            row.profile = profile;
            row.symbol = fmt::format("C{:03}/USDT:USDT", rank);
            row.rank = rank;
            row.score = random.uniform(-10.0, 10.0);
            row.last_price = random.log_uniform(0.01, 50'000.0);
            row.qvol_usdt = random.log_uniform(1e6, 1e9);
            row.spread_bps = random.uniform(0.1, 8.0);
            row.slip_bps = random.uniform(0.1, 20.0);
            row.manip_score = random.uniform(0.0, 60.0);
            batch.rankings.push_back(std::move(row));
        }
    }
    batch.cycle = std::move(cycle);
    return batch;
}

void write_csv(const std::string& path, const std::vector<HistoryBatch>& batches) {
    std::ofstream out(path);
    for (const HistoryBatch& batch : batches) {
        for (const RankingRow& row : batch.rankings) {
            out << fmt::format("{:%Y-%m-%d %H:%M:%S}+00,{},{},{},{},{},{},{},{},{},{}\n", row.time, row.sequence,
                               row.profile, row.symbol, *row.rank, row.score, *row.last_price, *row.qvol_usdt,
                               *row.spread_bps, *row.slip_bps, *row.manip_score);
        }
    }
}

asio::awaitable<void> write(scanner::storage::Store& store, std::vector<HistoryBatch> batches) {
    if (const auto opened = co_await store.open(); !opened) throw std::runtime_error(opened.error().message());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::size_t rows = 0;
    const auto began = std::chrono::steady_clock::now();
    for (HistoryBatch& batch : batches) {
        rows += batch.rankings.size();
        store.history().record(std::move(batch));
        // Below the bound of what may wait, over which batches are dropped.
        while (store.status().backlog > scanner::storage::History::kMaxPendingBatches / 2) {
            timer.expires_after(milliseconds(1));
            co_await timer.async_wait(asio::use_awaitable);
        }
    }
    // A moment for the last ones to be counted, then until nothing waits.
    do {
        timer.expires_after(milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    } while (store.status().backlog > 0);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (store.status().dropped > 0) throw std::runtime_error("batches were dropped");
    std::printf("%zu rows %.3f s %.0f rows/s\n", rows, seconds, static_cast<double>(rows) / seconds);
    co_await store.close(milliseconds(5'000));
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 4) {
        std::fprintf(stderr, "history-writes URL DATA_DIR CYCLES [CSV]\n");
        return 2;
    }
    const auto cycles = static_cast<std::uint64_t>(std::strtoul(arguments[3], nullptr, 10));
    // Of the recent past: older rows would be pruned, and ones of the future refused.
    const WallTime start = scanner::core::system_clock().now() - (cycles + 1) * kBetweenCycles;
    std::vector<HistoryBatch> batches;
    for (std::uint64_t sequence = 1; sequence <= cycles; ++sequence) batches.push_back(make_batch(sequence, start));
    if (count > 4) write_csv(arguments[4], batches);

    asio::io_context io(1);
    scanner::storage::StoreOptions options;
    options.data_dir = arguments[2];
    const auto store =
        scanner::storage::make_postgres_store(io.get_executor(), scanner::core::system_clock(), options, arguments[1]);
    int code = 0;
    asio::co_spawn(io, write(*store, std::move(batches)), [&](const std::exception_ptr& error) {
        if (!error) return;
        code = 1;
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& problem) {
            std::fprintf(stderr, "history-writes: %s\n", problem.what());
        }
        io.stop();
    });
    io.run();
    return code;
}
