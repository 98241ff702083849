#include "storage/detectors/sql_detector_states.hpp"

#include "storage/detectors/packed_state.hpp"
#include "storage/epochs/epochs_sql.hpp"
#include "storage/sql/schema.hpp"

#include "scanner/core/hex.hpp"
#include "scanner/core/log.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;

/// A minute's states may be many.
constexpr std::chrono::seconds kWriteLimit{20};

std::optional<unsigned> digit(char hex) {
    if (hex >= '0' && hex <= '9') return static_cast<unsigned>(hex - '0');
    if (hex >= 'a' && hex <= 'f') return static_cast<unsigned>(hex - 'a') + 10U;
    return std::nullopt;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = digit(text[i]);
        const auto low = digit(text[i + 1]);
        if (!high || !low) return std::nullopt;
        bytes += static_cast<char>(*high << 4U | *low);
    }
    return bytes;
}

std::vector<DetectorState> read_states(SqlSession& session, core::WallTime oldest) {
    std::vector<DetectorState> states;
    std::size_t damaged = 0;
    SqlTransaction transaction(session);
    session.execute(
        "SELECT contract_code, " + session.time_of("saved_at") +
            ", state FROM detector_states WHERE saved_at >= ?1 ORDER BY contract_code",
        {oldest}, [&](const SqlRow& row) {
            if (row.is_null(2) || row.text(2).empty()) return;
            const auto packed = from_hex(row.text(2));
            auto bytes = packed ? unpack_state(*packed) : std::nullopt;
            if (!bytes) {
                ++damaged;
                return;
            }
            states.push_back(
                {.contract_code = std::string(row.text(0)), .saved_at = row.time(1), .bytes = std::move(*bytes)});
        });
    if (damaged > 0) core::log(core::LogLevel::warning, "detector_states_damaged", {{"records", damaged}});
    return states;
}

void write_states(SqlSession& session, const Author& author, const std::vector<DetectorState>& changed,
                  core::WallTime oldest) {
    static const std::vector<Column> kColumns = columns_of("detector_states");
    static constexpr std::string_view kRule =
        "ON CONFLICT (contract_code) DO UPDATE SET saved_at = excluded.saved_at, state = excluded.state";
    std::vector<std::string> packed;
    packed.reserve(changed.size());
    for (const DetectorState& state : changed) packed.push_back(core::to_hex(pack_state(state.bytes)));
    SqlTransaction transaction(session);
    if (!is_in_office(session, author)) {
        throw SqlError(core::ErrorCode::conflict, "another scanner was elected: its detectors go on");
    }
    session.execute("DELETE FROM detector_states WHERE saved_at < ?1", {oldest});
    session.insert({.table = "detector_states", .columns = kColumns, .conflict = kRule}, changed.size(),
                   [&](std::size_t i, std::span<SqlValue> row) {
                       const std::initializer_list<SqlValue> values{std::string_view(changed[i].contract_code),
                                                                    changed[i].saved_at, std::string_view(packed[i])};
                       std::ranges::copy(values, row.begin());
                   });
    transaction.commit();
}

}  // namespace

asio::awaitable<core::Result<std::vector<DetectorState>>> SqlDetectorStates::read() {
    std::function<std::vector<DetectorState>(SqlSession&)> work =
        [oldest = clock_.now() - kDetectorStateLifetime](SqlSession& session) { return read_states(session, oldest); };
    co_return co_await link_.read<std::vector<DetectorState>>(std::move(work));
}

asio::awaitable<core::Result<void>> SqlDetectorStates::write(std::vector<DetectorState> changed) {
    if (changed.empty()) co_return core::Result<void>{};
    const auto states = std::make_shared<const std::vector<DetectorState>>(std::move(changed));
    std::function<bool(SqlSession&)> work = [states, author = author_,
                                             oldest = clock_.now() - kDetectorStateLifetime](SqlSession& session) {
        write_states(session, author, *states, oldest);
        return true;
    };
    const auto written = co_await link_.call<bool>(std::move(work), kWriteLimit);
    if (!written) co_return std::unexpected(written.error());
    co_return core::Result<void>{};
}

}  // namespace scanner::storage
