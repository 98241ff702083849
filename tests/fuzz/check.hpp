#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What the fuzzed functions are held to. The functions themselves run in the fuzzers and, over the kept corpora, in
/// the ordinary tests.
namespace scanner::fuzz {

/// Ends the process with `promise` on standard error when it is broken: what a fuzzer counts as a finding.
inline void require(bool kept, std::string_view promise) {
    if (kept) return;
    std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
    std::abort();
}

/// Takes the first byte off as a number that chooses among variants; 0 for empty input.
inline unsigned char take_choice(std::string_view& input) {
    if (input.empty()) return 0;
    const auto choice = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    return choice;
}

}  // namespace scanner::fuzz
