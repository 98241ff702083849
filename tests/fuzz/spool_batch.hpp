#pragma once

#include "fuzz/check.hpp"
#include "storage/spool/batch_codec.hpp"

#include <zlib.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::fuzz {

/// `version`, a length and `raw` as one stored block of a zlib stream, so that a fuzzer changes rows and not deflate's
/// bits, and no time goes into compressing what is decompressed at once.
inline std::string stored_batch(std::string_view raw, unsigned version) {
    require(raw.size() <= 0xffff, "an input fits into one block");
    std::string out;
    const auto append = [&out](std::size_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
    };
    append(version, 1);
    append(raw.size(), 4);
    append(0x0178, 2);
    append(1, 1);
    append(raw.size(), 2);
    append(~raw.size(), 2);
    out += raw;
    const auto checksum = ::adler32_z(1, reinterpret_cast<const Bytef*>(raw.data()), raw.size());
    for (unsigned i = 4; i-- > 0;) append(checksum >> (8 * i), 1);
    return out;
}

/// Records of the spool, as a damaged disk gives them back.
inline void spool_batch(std::string_view input) {
    const unsigned choice = take_choice(input) % 6;  // even: rows, of one of the three versions
    const std::string bytes = choice % 2 == 0 ? stored_batch(input, choice / 2 + 1) : std::string(input);
    auto batch = storage::decode_batch(bytes);
    if (!batch) return;
    const std::string written = storage::encode_batch(*batch);
    auto again = storage::decode_batch(written);
    require(again.has_value() && storage::encode_batch(*again) == written, "a batch written is read back");
    std::vector<storage::HistoryBatch> batches;
    const std::size_t rows = 2 * (batch->rankings.size() + batch->inputs.size());
    batches.push_back(std::move(*batch));
    batches.push_back(std::move(*again));
    const storage::MergedBatch merged = storage::merge_batches(std::move(batches));
    require(merged.rankings.size() + merged.inputs.size() <= rows, "merging makes no rows");
}

}  // namespace scanner::fuzz
