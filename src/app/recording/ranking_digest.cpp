#include "app/recording/ranking_digest.hpp"

#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/recording/digest.hpp"

#include <string>
#include <string_view>

namespace scanner::app {

std::uint64_t digest_of(const ranking::Ranking& ranking) {
    ranking::Ranking compared = ranking;  // contracts are shared
    compared.cycle_ms = 0.0;
    compared.requests = 0;
    const std::string text = ranking::encode_ranking(compared);
    constexpr std::string_view kMeasured = "\"fetch_latency_ms\":";
    std::string kept;
    kept.reserve(text.size());
    std::string_view rest = text;
    for (;;) {
        const std::size_t at = rest.find(kMeasured);
        if (at == std::string_view::npos) break;
        kept += rest.substr(0, at);
        rest.remove_prefix(at);
        rest.remove_prefix(std::min(rest.find_first_of(",}"), rest.size()));
    }
    kept += rest;
    return recording::content_hash(kept);
}

}  // namespace scanner::app
