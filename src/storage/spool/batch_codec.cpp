#include "storage/spool/batch_codec.hpp"

#include "scanner/core/bytes.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace scanner::storage {
namespace {

/// All are still read. Before 5 batches had no author.
constexpr std::uint8_t kVersion = 5;
/// Before there were no episodes, and every score of a minute was known.
constexpr std::uint8_t kVersionWithEpisodes = 4;
/// Since which inputs are numbers under a schema; before they were JSON.
constexpr std::uint8_t kVersionWithSchemas = 3;
/// In which every number of a minute was known; still read.
constexpr std::uint8_t kVersionWithoutUnknown = 1;
/// In place of a schema: the row brings JSON.
constexpr std::uint32_t kNoSchema = 0xffffffff;
/// Nothing that this program records comes near it; a length beyond is damage.
constexpr std::uint32_t kMaxRawBytes = 512U << 20U;
/// Of a minute: far more than cycles fit into one.
constexpr std::int64_t kMaxSamples = 1'000'000;
/// Deflate makes nothing shorter than this, so that a damaged length costs no memory.
constexpr std::uint64_t kMaxDeflation = 1032;

void time(core::ByteWriter& out, core::WallTime at) {
    out.i64(core::to_unix_ms(at));
}
core::WallTime time(core::ByteReader& in) {
    const std::int64_t ms = in.i64();
    if (!core::is_unix_ms(ms)) in.refuse();
    return core::from_unix_ms(ms);
}
/// A count or a sequence number: what every reader of the database and of JSON can hold.
std::uint64_t count(core::ByteReader& in) {
    constexpr std::uint64_t kMaxCount = (1ULL << 53U) - 1;
    const std::uint64_t number = in.u64();
    if (number > kMaxCount) in.refuse();
    return number;
}

void write(core::ByteWriter& out, const CycleRecord& row) {
    out.u64(row.sequence);
    time(out, row.time);
    out.text(row.default_profile);
    out.real(row.cycle_ms);
    out.u64(row.requests);
    out.u64(row.scanned);
    out.u64(row.ranked);
    out.u8(row.simulated ? 1 : 0);
    out.text(row.settings_json);
}
void read(core::ByteReader& in, CycleRecord& row) {
    row.sequence = count(in);
    row.time = time(in);
    row.default_profile = in.text();
    row.cycle_ms = in.real();
    row.requests = count(in);
    row.scanned = count(in);
    row.ranked = count(in);
    row.simulated = in.u8() != 0;
    row.settings_json = in.text();
}

void write(core::ByteWriter& out, const RankingRow& row) {
    time(out, row.time);
    out.u64(row.sequence);
    out.text(row.profile);
    out.text(row.symbol);
    out.i64(row.rank.value_or(-1));
    out.real(row.score);
    for (const auto* value : {&row.last_price, &row.qvol_usdt, &row.spread_bps, &row.slip_bps, &row.manip_score})
        out.maybe(*value);
}
void read(core::ByteReader& in, RankingRow& row) {
    row.time = time(in);
    row.sequence = count(in);
    row.profile = in.text();
    row.symbol = in.text();
    const std::int64_t rank = in.i64();
    if (rank >= 0 && std::in_range<int>(rank)) row.rank = static_cast<int>(rank);
    row.score = in.real();
    for (auto* value : {&row.last_price, &row.qvol_usdt, &row.spread_bps, &row.slip_bps, &row.manip_score})
        *value = in.maybe();
}

/// Each schema once; rows name it by its place, or bring JSON.
void write_inputs(core::ByteWriter& out, const std::vector<ContractInputs>& rows) {
    std::vector<const InputsSchema*> schemas;
    for (const ContractInputs& row : rows) {
        if (row.schema && std::ranges::find(schemas, row.schema.get()) == schemas.end())
            schemas.push_back(row.schema.get());
    }
    out.u32(static_cast<std::uint32_t>(schemas.size()));
    for (const InputsSchema* const schema : schemas) out.text(encode_inputs_schema(*schema));
    out.u32(static_cast<std::uint32_t>(rows.size()));
    for (const ContractInputs& row : rows) {
        time(out, row.time);
        out.u64(row.sequence);
        out.text(row.symbol);
        const auto schema = std::ranges::find(schemas, row.schema.get());
        out.u32(schema == schemas.end() ? kNoSchema : static_cast<std::uint32_t>(schema - schemas.begin()));
        if (schema == schemas.end()) {
            out.text(row.inputs_json);
            continue;
        }
        for (std::size_t i = 0; i < row.schema->numbers(); ++i)
            out.maybe(i < row.numbers.size() ? row.numbers[i] : std::nullopt);
        out.text(row.texts_json);
    }
}
void read_inputs(core::ByteReader& in, std::vector<ContractInputs>& rows) {
    std::vector<InputsSchemaPtr> schemas;
    for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
        auto schema = decode_inputs_schema(in.text());
        if (!schema) return in.refuse();
        schemas.push_back(std::make_shared<const InputsSchema>(std::move(*schema)));
    }
    for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
        ContractInputs& row = rows.emplace_back();
        row.time = time(in);
        row.sequence = count(in);
        row.symbol = in.text();
        const std::uint32_t schema = in.u32();
        if (schema == kNoSchema) {
            row.inputs_json = in.text();
            continue;
        }
        if (schema >= schemas.size()) return in.refuse();
        row.schema = schemas[schema];
        row.numbers.resize(row.schema->numbers());
        for (std::optional<double>& number : row.numbers) {
            number = in.maybe();
            if (number && !std::isfinite(*number)) number.reset();
        }
        row.texts_json = in.text();
    }
}
/// Rows as the first two versions wrote them.
void read(core::ByteReader& in, ContractInputs& row) {
    row.time = time(in);
    row.sequence = count(in);
    row.symbol = in.text();
    row.inputs_json = in.text();
}

void write(core::ByteWriter& out, const MinuteAggregate& row) {
    out.text(row.symbol);
    time(out, row.minute);
    for (const double value : {row.close, row.spread_bps, row.top5_depth_usdt}) out.real(value);
    for (const auto* value : {&row.manip_score, &row.atr_pct, &row.ret_1, &row.ret_15, &row.funding_8h_pct,
                              &row.open_interest, &row.basis_bps})
        out.maybe(*value);
    out.u32(static_cast<std::uint32_t>(row.manip_flags.size()));
    for (const std::string& flag : row.manip_flags) out.text(flag);
    out.i64(row.samples);
    out.u64(row.first_sequence);
    out.u64(row.last_sequence);
}
/// The numbers as the first version wrote them.
void read_all_known(core::ByteReader& in, MinuteAggregate& row) {
    row.close = in.real();
    row.atr_pct = in.real();
    row.spread_bps = in.real();
    row.top5_depth_usdt = in.real();
    row.ret_1 = in.real();
    row.ret_15 = in.real();
    row.manip_score = in.real();
    for (auto* value : {&row.funding_8h_pct, &row.open_interest, &row.basis_bps}) *value = in.maybe();
}
void read(core::ByteReader& in, std::uint8_t version, MinuteAggregate& row) {
    row.symbol = in.text();
    row.minute = time(in);
    if (version == kVersionWithoutUnknown) {
        read_all_known(in, row);
    } else {
        for (auto* value : {&row.close, &row.spread_bps, &row.top5_depth_usdt}) *value = in.real();
        row.manip_score = version < kVersionWithEpisodes ? std::optional(in.real()) : in.maybe();
        for (auto* value :
             {&row.atr_pct, &row.ret_1, &row.ret_15, &row.funding_8h_pct, &row.open_interest, &row.basis_bps})
            *value = in.maybe();
    }
    const std::uint32_t flags = in.u32();
    for (std::uint32_t i = 0; i < flags && in.ok(); ++i) row.manip_flags.emplace_back(in.text());
    row.samples = static_cast<int>(std::clamp<std::int64_t>(in.i64(), 0, kMaxSamples));
    row.first_sequence = count(in);
    row.last_sequence = count(in);
}

void write(core::ByteWriter& out, const ClosedCandle& row) {
    out.text(row.symbol);
    time(out, row.open_time);
    for (const double value : {row.open, row.high, row.low, row.close, row.base_volume}) out.real(value);
    out.u64(row.sequence);
}
void read(core::ByteReader& in, ClosedCandle& row) {
    row.symbol = in.text();
    row.open_time = time(in);
    for (auto* value : {&row.open, &row.high, &row.low, &row.close, &row.base_volume}) *value = in.real();
    row.sequence = count(in);
}

void write(core::ByteWriter& out, const AlertRecord& row) {
    out.text(row.rule);
    out.text(row.symbol);
    time(out, row.time);
    out.u64(row.sequence);
    out.text(row.payload_json);
}
void read(core::ByteReader& in, AlertRecord& row) {
    row.rule = in.text();
    row.symbol = in.text();
    row.time = time(in);
    row.sequence = count(in);
    row.payload_json = in.text();
}

void write(core::ByteWriter& out, const EpisodeRecord& row) {
    out.text(row.id);
    out.u64(row.revision);
    for (const std::string* const text : {&row.symbol, &row.flag, &row.kind, &row.phase}) out.text(*text);
    time(out, row.start);
    out.u8(row.end ? 1 : 0);
    if (row.end) time(out, *row.end);
    out.real(row.probability);
    out.real(row.severity);
    out.u8(row.simulated ? 1 : 0);
    out.text(row.details_json);
    out.text(row.context_json);
}
void read(core::ByteReader& in, EpisodeRecord& row) {
    row.id = in.text();
    row.revision = count(in);
    for (std::string* const text : {&row.symbol, &row.flag, &row.kind, &row.phase}) *text = in.text();
    row.start = time(in);
    if (in.u8() != 0) row.end = time(in);
    row.probability = in.real();
    row.severity = in.real();
    row.simulated = in.u8() != 0;
    row.details_json = in.text();
    row.context_json = in.text();
}

template <class Row>
void write_all(core::ByteWriter& out, const std::vector<Row>& rows) {
    out.u32(static_cast<std::uint32_t>(rows.size()));
    for (const Row& row : rows) write(out, row);
}
template <class Row>
void read_all(core::ByteReader& in, std::uint8_t version, std::vector<Row>& rows) {
    const std::uint32_t count = in.u32();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        if constexpr (std::is_same_v<Row, MinuteAggregate>) {
            read(in, version, rows.emplace_back());
        } else {
            read(in, rows.emplace_back());
        }
    }
}

template <class Row>
void move_onto(std::vector<Row>& into, std::vector<Row>& from) {
    std::move(from.begin(), from.end(), std::back_inserter(into));
}

/// The same as the upsert of the ledger.
void merge_episode(EpisodeRecord& into, EpisodeRecord later) {
    if (later.revision <= into.revision) return;
    if (later.context_json.empty()) later.context_json = std::move(into.context_json);
    into = std::move(later);
}

}  // namespace

std::string encode_batch(const HistoryBatch& batch) {
    std::string raw;
    core::ByteWriter out(raw);
    out.u8(batch.cycle ? 1 : 0);
    if (batch.cycle) write(out, *batch.cycle);
    write_all(out, batch.rankings);
    write_inputs(out, batch.inputs);
    write_all(out, batch.minutes);
    write_all(out, batch.candles);
    write_all(out, batch.alerts);
    write_all(out, batch.episodes);
    out.u64(batch.author.epoch);
    out.u64(batch.author.sequence);

    std::string bytes;
    core::ByteWriter head(bytes);
    head.u8(kVersion);
    head.u32(static_cast<std::uint32_t>(raw.size()));
    const std::size_t begin = bytes.size();
    uLongf length = compressBound(raw.size());
    bytes.resize(begin + length);
    // Level 1: most of what there is to save for a third of the time.
    compress2(reinterpret_cast<Bytef*>(bytes.data() + begin), &length, reinterpret_cast<const Bytef*>(raw.data()),
              raw.size(), 1);
    bytes.resize(begin + length);
    return bytes;
}

core::Result<HistoryBatch> decode_batch(std::string_view bytes) {
    core::ByteReader head(bytes);
    const std::uint8_t version = head.u8();
    const std::uint32_t raw_bytes = head.u32();
    const bool known = version >= kVersionWithoutUnknown && version <= kVersion;
    if (!head.ok() || !known || raw_bytes > kMaxRawBytes)
        return core::fail(core::ErrorCode::malformed, "spooled batch: a form that this program does not know");
    const std::string_view deflated = head.rest();
    if (raw_bytes > kMaxDeflation * (deflated.size() + 1))
        return core::fail(core::ErrorCode::malformed, "spooled batch: longer than its bytes can hold");
    std::string raw(raw_bytes, '\0');
    uLongf length = raw_bytes;
    if (uncompress(reinterpret_cast<Bytef*>(raw.data()), &length, reinterpret_cast<const Bytef*>(deflated.data()),
                   deflated.size()) != Z_OK ||
        length != raw_bytes)
        return core::fail(core::ErrorCode::malformed, "spooled batch: does not decompress");
    core::ByteReader in(raw);
    HistoryBatch batch;
    if (in.u8() != 0) read(in, batch.cycle.emplace());
    read_all(in, version, batch.rankings);
    if (version >= kVersionWithSchemas) {
        read_inputs(in, batch.inputs);
    } else {
        read_all(in, version, batch.inputs);
    }
    read_all(in, version, batch.minutes);
    read_all(in, version, batch.candles);
    read_all(in, version, batch.alerts);
    if (version >= kVersionWithEpisodes) read_all(in, version, batch.episodes);
    if (version == kVersion) batch.author = {.epoch = count(in), .sequence = count(in)};
    if (!in.ok() || !in.rest().empty())
        return core::fail(core::ErrorCode::malformed, "spooled batch: cut short, or a number out of its range");
    return batch;
}

void merge_minute(MinuteAggregate& into, const MinuteAggregate& later) {
    if (later.last_sequence <= into.last_sequence) return;
    const int samples = later.first_sequence > into.last_sequence ? into.samples + later.samples
                                                                  : std::max(into.samples, later.samples);
    std::vector<std::string> flags;
    std::ranges::set_union(into.manip_flags, later.manip_flags, std::back_inserter(flags));
    const std::optional<double> manip_score = std::max(into.manip_score, later.manip_score);
    const std::uint64_t first_sequence = std::min(into.first_sequence, later.first_sequence);
    into = later;
    into.manip_flags = std::move(flags);
    into.manip_score = manip_score;
    into.first_sequence = first_sequence;
    into.samples = samples;
}

MergedBatch merge_batches(std::vector<HistoryBatch> batches) {
    MergedBatch merged;
    std::map<std::pair<std::string, core::WallTime>, std::size_t> minutes;
    std::map<std::pair<std::string, core::WallTime>, std::size_t> candles;
    std::map<std::string, std::size_t> episodes;
    for (HistoryBatch& batch : batches) {
        if (batch.cycle) {
            batch.cycle->epoch = batch.author.epoch;
            merged.cycles.push_back(std::move(*batch.cycle));
        }
        for (AlertRecord& alert : batch.alerts) alert.epoch = batch.author.epoch;
        move_onto(merged.rankings, batch.rankings);
        move_onto(merged.inputs, batch.inputs);
        move_onto(merged.alerts, batch.alerts);
        for (MinuteAggregate& minute : batch.minutes) {
            const auto [place, is_new] = minutes.try_emplace({minute.symbol, minute.minute}, merged.minutes.size());
            if (is_new) {
                merged.minutes.push_back(std::move(minute));
            } else {
                merge_minute(merged.minutes[place->second], minute);
            }
        }
        for (EpisodeRecord& episode : batch.episodes) {
            const auto [place, is_new] = episodes.try_emplace(episode.id, merged.episodes.size());
            if (is_new) {
                merged.episodes.push_back(std::move(episode));
            } else {
                merge_episode(merged.episodes[place->second], std::move(episode));
            }
        }
        for (ClosedCandle& candle : batch.candles) {
            const auto [place, is_new] = candles.try_emplace({candle.symbol, candle.open_time}, merged.candles.size());
            if (is_new) {
                merged.candles.push_back(std::move(candle));
            } else {
                merged.candles[place->second] = std::move(candle);
            }
        }
    }
    return merged;
}

}  // namespace scanner::storage
