#include "ranking/stream/parts.hpp"

#include "scanner/ranking/pack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>
#include <xxhash.h>
#include <zstd.h>

/// A message: "AMSR", the format's version, the head, the table of what it replaces (compressed), the bytes of that
/// (compressed against those that they replace), and a hash of all of it.
namespace scanner::ranking {
namespace {

constexpr std::string_view kMagic = "AMSR";
constexpr std::size_t kHashBytes = 8;
constexpr std::size_t kMaxTableBytes = 4U << 20U;
constexpr std::size_t kMaxPartBytes = 4U << 20U;
constexpr std::size_t kMaxCode = 80;
/// Levels above cost twice the time for a tenth of the bytes; see bench/RESULTS.md.
constexpr int kLevel = 3;
constexpr int kMaxWindowLog = 27;  // what readers accept without being asked

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::string compressed(std::string_view bytes, std::string_view prefix) {
    const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
    const auto reach = static_cast<int>(std::bit_width(bytes.size() + prefix.size()));
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, std::clamp(reach, 10, kMaxWindowLog));
    ZSTD_CCtx_refPrefix(context.get(), prefix.data(), prefix.size());
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
    out.resize(ZSTD_isError(size) != 0U ? 0 : size);  // an empty frame is refused by every reader
    return out;
}

/// Nothing unless it is exactly `size` bytes.
std::optional<std::string> inflated(std::string_view bytes, std::string_view prefix, std::size_t size) {
    if (ZSTD_getFrameContentSize(bytes.data(), bytes.size()) != size) return std::nullopt;
    const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    ZSTD_DCtx_refPrefix(context.get(), prefix.data(), prefix.size());
    std::string out(size, '\0');
    const std::size_t got = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(got) != 0U || got != size) return std::nullopt;
    return out;
}

std::uint64_t hash_of(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

bool same(const PackedBytes& left, const PackedBytes& right) {
    return left == right || (left != nullptr && right != nullptr && *left == *right);
}

/// The bytes of what is replaced, one after the other, and those that take their place.
struct Payload {
    std::string before;
    std::string after;

    void add(const PackedBytes& old, const PackedBytes& fresh) {
        if (old != nullptr) before += *old;
        after += *fresh;
    }
};

void write_head(PackWriter& pack, const PartsMessage& message) {
    pack(message.origin.exchange, message.origin.installation, message.head.sequence, message.head.base,
         message.head.epoch);
}

/// 0 for a block that stays, else one more than its size.
void write_blocks(PackWriter& table, Payload& payload, const RankingParts* base, const RankingParts& next) {
    table.whole(next.blocks.size());
    for (std::size_t i = 0; i < next.blocks.size(); ++i) {
        const PackedBytes old = base != nullptr && i < base->blocks.size() ? base->blocks[i] : nullptr;
        if (same(old, next.blocks[i])) {
            table.whole(0);
            continue;
        }
        table.whole(next.blocks[i]->size() + 1);
        payload.add(old, next.blocks[i]);
    }
}

/// A contract of the base by its place, a new one by its code; what is neither kept nor named is gone.
void write_contracts(PackWriter& table, Payload& payload, const RankingParts* base, const RankingParts& next) {
    table.whole(next.contracts.size());
    std::size_t place = 0;  // in the base; both are by code
    std::size_t next_place = 0;
    for (const ContractParts& contract : next.contracts) {
        while (base != nullptr && place < base->contracts.size() && base->contracts[place].code < contract.code)
            ++place;
        const bool known =
            base != nullptr && place < base->contracts.size() && base->contracts[place].code == contract.code;
        // Places only grow: how many are left out before this one; 0 for a new one.
        table.whole(known ? place - next_place + 1 : 0);
        if (known) {
            next_place = place + 1;
        } else {
            table(contract.code);
        }
        unsigned mask = 0;
        for (std::size_t part = 0; part < kContractParts; ++part) {
            if (!known || !same(base->contracts[place].parts[part], contract.parts[part])) mask |= 1U << part;
        }
        table.whole(mask);
        for (std::size_t part = 0; part < kContractParts; ++part) {
            if ((mask & (1U << part)) == 0) continue;
            table.whole(contract.parts[part]->size());
            payload.add(known ? base->contracts[place].parts[part] : nullptr, contract.parts[part]);
        }
    }
}

/// A part to be cut from the payload, once that is there.
struct Cut {
    PackedBytes* place = nullptr;
    std::size_t size = 0;
};

/// Reads the table: what stays is put in its place at once.
class TableReader {
public:
    TableReader(PackReader& table, const RankingParts* base, RankingParts& next)
        : table_(table), base_(base), next_(next) {}

    void read(std::size_t max_contracts) {
        next_.blocks.resize(table_.count(kBlocks + kMaxExtras));
        for (std::size_t i = 0; i < next_.blocks.size(); ++i) read_block(i);
        table_.require(next_.blocks.size() >= kBlocks, "blocks are missing");
        next_.contracts.resize(table_.count(max_contracts, 2));
        for (ContractParts& contract : next_.contracts) {
            if (table_.ok()) read_contract(contract);
        }
        for (std::size_t i = 1; table_.ok() && i < next_.contracts.size(); ++i) {
            table_.require(next_.contracts[i - 1].code < next_.contracts[i].code, "a contract twice, or out of order");
        }
    }
    [[nodiscard]] const std::vector<Cut>& cuts() const { return cuts_; }
    [[nodiscard]] const std::string& before() const { return before_; }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    void replace(PackedBytes& place, const PackedBytes& old, std::uint64_t size) {
        table_.require(size <= kMaxPartBytes, "a part that is too long");
        if (!table_.ok()) return;
        if (old != nullptr) before_ += *old;
        cuts_.push_back({&place, static_cast<std::size_t>(size)});
        size_ += static_cast<std::size_t>(size);
    }
    void read_block(std::size_t i) {
        const PackedBytes old = base_ != nullptr && i < base_->blocks.size() ? base_->blocks[i] : nullptr;
        const std::uint64_t size = table_.whole();
        if (size == 0) {
            next_.blocks[i] = old;
            table_.require(old != nullptr, "a block that stays and was not there");
        } else {
            replace(next_.blocks[i], old, size - 1);
        }
    }
    void read_contract(ContractParts& contract) {
        const ContractParts* old = nullptr;
        const std::uint64_t skipped = table_.whole();
        if (skipped == 0) {
            contract.code = table_.text(kMaxCode);
            table_.require(!contract.code.empty(), "a contract without a name");
        } else {
            const std::size_t count = base_ == nullptr ? 0 : base_->contracts.size();
            table_.require(skipped <= count - std::min(next_place_, count), "a contract that was not there");
            if (!table_.ok()) return;
            old = &base_->contracts[next_place_ + static_cast<std::size_t>(skipped) - 1];
            next_place_ += static_cast<std::size_t>(skipped);
            contract = *old;
        }
        const std::uint64_t mask = table_.whole();
        table_.require(mask < (1U << kContractParts) && (old != nullptr || mask + 1 == (1U << kContractParts)),
                       "parts are missing");
        for (std::size_t part = 0; table_.ok() && part < kContractParts; ++part) {
            if ((mask & (std::uint64_t{1} << part)) == 0) continue;
            replace(contract.parts[part], old == nullptr ? nullptr : old->parts[part], table_.whole());
        }
    }

    PackReader& table_;
    const RankingParts* base_;
    RankingParts& next_;
    std::vector<Cut> cuts_;
    std::string before_;
    std::size_t size_ = 0;
    std::size_t next_place_ = 0;
};

core::Error flaw(std::string_view what) {
    return {core::ErrorCode::malformed, fmt::format("ranking message: {}", what)};
}

/// What follows the version, without the hash at the end.
core::Result<std::string_view> content_of(std::string_view bytes) {
    if (bytes.size() < kMagic.size() + 1 + kHashBytes || !bytes.starts_with(kMagic))
        return std::unexpected(flaw("it is none"));
    const auto format = static_cast<unsigned char>(bytes[kMagic.size()]);
    if (format > kStreamFormat) {
        return core::fail(core::ErrorCode::invalid_input,
                          fmt::format("ranking message: its format is {}, of a newer version than this one, which "
                                      "knows {}",
                                      format, kStreamFormat));
    }
    if (format != kStreamFormat) return std::unexpected(flaw("its format is 0"));
    std::uint64_t told = 0;
    const std::string_view hashed = bytes.substr(0, bytes.size() - kHashBytes);
    std::memcpy(&told, bytes.data() + hashed.size(), kHashBytes);
    if (told != hash_of(hashed)) return std::unexpected(flaw("it is damaged"));
    return hashed.substr(kMagic.size() + 1);
}

PartsMessage read_head(PackReader& pack) {
    PartsMessage message;
    pack(message.origin.exchange, message.origin.installation, message.head.sequence, message.head.base,
         message.head.epoch);
    pack.require(message.head.sequence >= 1 && message.head.sequence <= kMaxSequence, "a sequence out of range");
    pack.require(message.head.base < message.head.sequence, "it changes a later ranking");
    return message;
}

}  // namespace

const ContractParts* RankingParts::find(std::string_view code) const {
    const auto found = std::ranges::lower_bound(contracts, code, {}, &ContractParts::code);
    return found == contracts.end() || found->code != code ? nullptr : &*found;
}

std::string write_parts(const RankingParts* base, const RankingParts& next, const PartsMessage& message) {
    PackWriter table;
    Payload payload;
    write_blocks(table, payload, base, next);
    write_contracts(table, payload, base, next);
    const std::string table_bytes = table.take();

    PackWriter pack;
    write_head(pack, message);
    pack.whole(table_bytes.size());
    pack(compressed(table_bytes, {}));
    pack.whole(payload.after.size());
    pack(compressed(payload.after, payload.before));
    std::string out(kMagic);
    out += static_cast<char>(kStreamFormat);
    out += pack.take();
    const std::uint64_t hash = hash_of(out);
    char raw[kHashBytes];
    std::memcpy(raw, &hash, kHashBytes);
    return out.append(raw, kHashBytes);
}

core::Result<PartsMessage> read_message_head(std::string_view bytes) {
    const auto content = content_of(bytes);
    if (!content) return std::unexpected(content.error());
    PackReader pack(*content);
    PartsMessage message = read_head(pack);
    if (!pack.ok()) return std::unexpected(flaw(pack.problem()));
    return message;
}

core::Result<RankingParts> read_parts(std::string_view bytes, const RankingParts* base, const StreamLimits& limits) {
    const auto content = content_of(bytes);
    if (!content) return std::unexpected(content.error());
    PackReader pack(*content);
    static_cast<void>(read_head(pack));
    const std::uint64_t table_size = pack.whole();
    const std::string_view table_bytes = pack.text(kMaxTableBytes);
    const std::uint64_t size = pack.whole();
    const std::string_view payload_bytes = pack.text(limits.max_message_bytes);
    if (!pack.at_end()) return std::unexpected(flaw(pack.ok() ? "more behind its end" : pack.problem()));
    if (table_size > kMaxTableBytes || size > limits.max_inflated_bytes)
        return std::unexpected(flaw("it inflates too far"));

    const auto table_text = inflated(table_bytes, {}, static_cast<std::size_t>(table_size));
    if (!table_text) return std::unexpected(flaw("its table cannot be inflated"));
    PackReader table(*table_text);
    RankingParts next;
    TableReader reader(table, base, next);
    reader.read(limits.max_contracts);
    if (!table.at_end()) return std::unexpected(flaw(table.ok() ? "more behind its table" : table.problem()));
    if (reader.size() != size) return std::unexpected(flaw("its parts are not as long as it says"));

    const auto payload = inflated(payload_bytes, reader.before(), static_cast<std::size_t>(size));
    if (!payload) return std::unexpected(flaw("its content cannot be inflated"));
    std::size_t at = 0;
    for (const Cut& cut : reader.cuts()) {
        *cut.place = std::make_shared<const std::string>(payload->substr(at, cut.size));
        at += cut.size;
    }
    return next;
}

}  // namespace scanner::ranking
