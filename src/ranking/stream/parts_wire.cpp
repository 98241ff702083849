#include "ranking/stream/parts.hpp"
#include "ranking/stream/patch.hpp"

#include "scanner/ranking/pack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>
#include <xxhash.h>
#include <zstd.h>

/// A message: "AMSR", the format's version, the head, the table of what it replaces, the bytes of that, and a hash of
/// all of it. Format 2: the table as it is, a `Packing`, and of each part the patch that makes it of the part that it
/// replaces, or the part itself where there was none. Format 1, which is still read: table and bytes compressed, these
/// against the bytes that they replace.
namespace scanner::ranking {
namespace {

constexpr std::string_view kMagic = "AMSR";
constexpr std::size_t kHashBytes = 8;
constexpr std::size_t kMaxTableBytes = 4U << 20U;
constexpr std::size_t kMaxPartBytes = 4U << 20U;
constexpr std::size_t kMaxCode = 80;
constexpr unsigned kOldestFormat = 1;
/// Of whole rankings. Patches are not compressed: that takes longer than to write them; see bench/RESULTS.md.
constexpr int kLevel = 3;

/// How the bytes of the parts are sent.
enum class Packing : std::uint8_t { plain, compressed };

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::string compressed(std::string_view bytes) {
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size =
        ZSTD_compressCCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
    out.resize(ZSTD_isError(size) != 0U ? 0 : size);  // an empty frame is refused by every reader
    return out;
}

/// Nothing unless it is exactly `size` bytes.
std::optional<std::string> inflated(std::string_view bytes, std::string_view prefix, std::size_t size) {
    if (ZSTD_getFrameContentSize(bytes.data(), bytes.size()) != size) return std::nullopt;
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
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

/// What the table's parts are made of, one after the other.
struct Payload {
    std::string bytes;
    std::size_t made = 0;  ///< how long the parts are

    void add(const PackedBytes& old, const PackedBytes& fresh) {
        made += fresh->size();
        if (old != nullptr) {
            write_patch(bytes, *old, *fresh);
        } else {
            bytes += *fresh;
        }
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

/// A part to be made of the payload, once that is there.
struct Cut {
    PackedBytes* place = nullptr;
    PackedBytes old;  ///< nullptr: there was none
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
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    void replace(PackedBytes& place, PackedBytes old, std::uint64_t size) {
        table_.require(size <= kMaxPartBytes, "a part that is too long");
        if (!table_.ok()) return;
        cuts_.push_back({&place, std::move(old), static_cast<std::size_t>(size)});
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
    std::size_t size_ = 0;
    std::size_t next_place_ = 0;
};

core::Error flaw(std::string_view what) {
    return {core::ErrorCode::malformed, fmt::format("ranking message: {}", what)};
}

/// What follows the version, without the hash at the end.
struct Content {
    unsigned format = 0;
    std::string_view bytes;
};

core::Result<Content> content_of(std::string_view bytes) {
    if (bytes.size() < kMagic.size() + 1 + kHashBytes || !bytes.starts_with(kMagic))
        return std::unexpected(flaw("it is none"));
    const auto format = static_cast<unsigned char>(bytes[kMagic.size()]);
    if (format > kStreamFormat) {
        return core::fail(core::ErrorCode::invalid_input,
                          fmt::format("ranking message: its format is {}, of a newer version than this one, which "
                                      "knows {}",
                                      format, kStreamFormat));
    }
    if (format < kOldestFormat) return std::unexpected(flaw("its format is 0"));
    std::uint64_t told = 0;
    const std::string_view hashed = bytes.substr(0, bytes.size() - kHashBytes);
    std::memcpy(&told, bytes.data() + hashed.size(), kHashBytes);
    if (told != hash_of(hashed)) return std::unexpected(flaw("it is damaged"));
    return Content{.format = format, .bytes = hashed.substr(kMagic.size() + 1)};
}

PartsMessage read_head(PackReader& pack) {
    PartsMessage message;
    pack(message.origin.exchange, message.origin.installation, message.head.sequence, message.head.base,
         message.head.epoch);
    pack.require(message.head.sequence >= 1 && message.head.sequence <= kMaxSequence, "a sequence out of range");
    pack.require(message.head.base < message.head.sequence, "it changes a later ranking");
    return message;
}

/// The parts of format 1: cut from bytes that were compressed against those that they replace.
core::Result<void> cut_apart(std::string_view packed, const TableReader& table) {
    std::string before;
    for (const Cut& cut : table.cuts()) {
        if (cut.old != nullptr) before += *cut.old;
    }
    const auto payload = inflated(packed, before, table.size());
    if (!payload) return std::unexpected(flaw("its content cannot be inflated"));
    std::size_t at = 0;
    for (const Cut& cut : table.cuts()) {
        *cut.place = std::make_shared<const std::string>(payload->substr(at, cut.size));
        at += cut.size;
    }
    return {};
}

core::Result<void> patch_together(std::string_view patches, const TableReader& table) {
    for (const Cut& cut : table.cuts()) {
        if (cut.old != nullptr) {
            auto made = read_patch(patches, *cut.old, cut.size);
            if (!made) return std::unexpected(flaw("a patch that does not fit"));
            *cut.place = std::make_shared<const std::string>(*std::move(made));
            continue;
        }
        if (cut.size > patches.size()) return std::unexpected(flaw("a part that is cut off"));
        *cut.place = std::make_shared<const std::string>(patches.substr(0, cut.size));
        patches.remove_prefix(cut.size);
    }
    if (!patches.empty()) return std::unexpected(flaw("more behind its parts"));
    return {};
}

/// What a message has behind its head, as its format says; views of the message.
struct Body {
    unsigned format = 0;
    std::uint64_t table_size = 0;
    std::string_view table;
    std::uint64_t made = 0;  ///< how long the parts are together
    Packing packing = Packing::plain;
    std::uint64_t packed_size = 0;  ///< of the payload, once it is inflated
    std::string_view payload;
};

core::Result<Body> body_of(std::string_view bytes, const StreamLimits& limits) {
    const auto content = content_of(bytes);
    if (!content) return std::unexpected(content.error());
    PackReader pack(content->bytes);
    static_cast<void>(read_head(pack));
    Body body{.format = content->format};
    if (body.format == kOldestFormat) {
        body.table_size = pack.whole();
        body.table = pack.text(kMaxTableBytes);
        body.made = pack.whole();
    } else {
        body.table = pack.text(kMaxTableBytes);
        body.made = pack.whole();
        pack.choice(body.packing, static_cast<unsigned>(Packing::compressed) + 1U);
        body.packed_size = pack.whole();
    }
    body.payload = pack.text(limits.max_message_bytes);
    if (!pack.at_end()) return std::unexpected(flaw(pack.ok() ? "more behind its end" : pack.problem()));
    if (body.table_size > kMaxTableBytes || body.made > limits.max_inflated_bytes ||
        body.packed_size > limits.max_inflated_bytes)
        return std::unexpected(flaw("it inflates too far"));
    return body;
}

}  // namespace

const ContractParts* RankingParts::find(std::string_view code, std::size_t guess) const {
    if (guess < contracts.size() && contracts[guess].code == code) return &contracts[guess];
    const auto found = std::ranges::lower_bound(contracts, code, {}, &ContractParts::code);
    return found == contracts.end() || found->code != code ? nullptr : &*found;
}

std::string write_parts(const RankingParts* base, const RankingParts& next, const PartsMessage& message) {
    PackWriter table;
    Payload payload;
    write_blocks(table, payload, base, next);
    write_contracts(table, payload, base, next);

    PackWriter pack;
    write_head(pack, message);
    pack(table.take());
    pack.whole(payload.made);
    pack.choice(base == nullptr ? Packing::compressed : Packing::plain, 0);
    pack.whole(payload.bytes.size());
    pack(base == nullptr ? compressed(payload.bytes) : std::move(payload.bytes));
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
    PackReader pack(content->bytes);
    PartsMessage message = read_head(pack);
    if (!pack.ok()) return std::unexpected(flaw(pack.problem()));
    return message;
}

core::Result<RankingParts> read_parts(std::string_view bytes, const RankingParts* base, const StreamLimits& limits) {
    const auto body = body_of(bytes, limits);
    if (!body) return std::unexpected(body.error());
    const bool is_first_format = body->format == kOldestFormat;
    std::optional<std::string> inflated_table;
    if (is_first_format) {
        inflated_table = inflated(body->table, {}, static_cast<std::size_t>(body->table_size));
        if (!inflated_table) return std::unexpected(flaw("its table cannot be inflated"));
    }
    PackReader table(inflated_table ? std::string_view(*inflated_table) : body->table);
    RankingParts next;
    TableReader reader(table, base, next);
    reader.read(limits.max_contracts);
    if (!table.at_end()) return std::unexpected(flaw(table.ok() ? "more behind its table" : table.problem()));
    if (reader.size() != body->made) return std::unexpected(flaw("its parts are not as long as it says"));

    std::optional<std::string> payload;
    if (!is_first_format && body->packing == Packing::compressed) {
        payload = inflated(body->payload, {}, static_cast<std::size_t>(body->packed_size));
        if (!payload) return std::unexpected(flaw("its content cannot be inflated"));
    }
    const auto made = is_first_format ? cut_apart(body->payload, reader)
                                      : patch_together(payload ? std::string_view(*payload) : body->payload, reader);
    if (!made) return std::unexpected(made.error());
    return next;
}

}  // namespace scanner::ranking
