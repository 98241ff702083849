#pragma once

#include "fuzz/check.hpp"
#include "storage/batch_codec.hpp"

#include <zlib.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::fuzz {

/// A version, a length and the deflated `raw`, so that a fuzzer changes rows and not deflate's bits.
inline std::string deflated_batch(std::string_view raw) {
    uLongf size = ::compressBound(static_cast<uLong>(raw.size()));
    std::string out(5 + size, '\0');
    out[0] = 1;
    for (unsigned i = 0; i < 4; ++i) {
        out[1 + i] = static_cast<char>(static_cast<unsigned char>(raw.size() >> (8 * i)));
    }
    const auto* from = reinterpret_cast<const Bytef*>(raw.data());
    auto* to = reinterpret_cast<Bytef*>(out.data() + 5);
    require(::compress2(to, &size, from, static_cast<uLong>(raw.size()), 1) == Z_OK, "zlib compresses");
    out.resize(5 + size);
    return out;
}

/// Records of the spool, as a damaged disk gives them back.
inline void spool_batch(std::string_view input) {
    const bool raw = take_choice(input) % 2 == 0;
    const std::string bytes = raw ? deflated_batch(input) : std::string(input);
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
