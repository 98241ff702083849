#include "scanner/recording/answer_memory.hpp"
#include "scanner/recording/engine_checkpoint.hpp"
#include "scanner/recording/tools.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::recording {
namespace {

/// A message names its contract in its topic, which comes first.
constexpr std::size_t kTopicWithin = 256;

bool is_code_character(char c) {
    return c != '.' && c != '"' && c != ' ' && c != ':' && c != ',' && c != '{' && c != '/';
}

/// The contract that a message is of; empty for none that can be told.
std::string_view contract_of_message(std::string_view text) {
    text = text.substr(0, kTopicWithin);
    constexpr std::string_view kQuote = "-USDT";
    const std::size_t at = text.find(kQuote);
    if (at == std::string_view::npos) return {};
    std::size_t begin = at;
    while (begin > 0 && is_code_character(text[begin - 1])) --begin;
    std::size_t end = at;
    while (end < text.size() && is_code_character(text[end])) ++end;
    return text.substr(begin, end - begin);
}

/// Whether this tells that the scanner followed a live feed.
bool follows_feed(const RecordBody& body) {
    if (const auto* const step = std::get_if<Step>(&body)) return step->name == "feed.seed";
    const auto* const piece = std::get_if<Checkpoint>(&body);
    return piece != nullptr && EnginePieces::is_of_feed(*piece);
}

class Filter {
public:
    explicit Filter(const CutOptions& options) : options_(options) {}

    [[nodiscard]] bool keeps(const Record& record) const {
        if (const auto* const answer = std::get_if<RestAnswer>(&record.body))
            return wants(contract_of_url(answer->url));
        if (const auto* const piece = std::get_if<Checkpoint>(&record.body)) {
            // An engine's state is of all contracts, and of all that they were asked for.
            if (piece->version == kEnginePiece) return options_.contracts.empty();
            return wants(contract_of_url(piece->name));
        }
        if (const auto* const step = std::get_if<Step>(&record.body)) return wants(step->contract);
        if (const auto* const frame = std::get_if<SocketFrame>(&record.body)) {
            return frame->compressed || wants(contract_of_message(frame->bytes));
        }
        if (std::holds_alternative<OperatorChange>(record.body)) return options_.with_operator;
        // With fewer contracts every ranking is another one.
        if (std::holds_alternative<CycleDigest>(record.body)) return options_.contracts.empty();
        return true;
    }

private:
    [[nodiscard]] bool wants(std::string_view contract) const {
        return contract.empty() || options_.contracts.empty() ||
               std::ranges::find(options_.contracts, contract) != options_.contracts.end();
    }

    const CutOptions& options_;
};

}  // namespace

core::Result<void> cut(std::vector<SegmentFile> files, const CutOptions& options, SegmentFolder& into) {
    // With an engine's state at its head a segment is copied from there: what it holds is all that need be known.
    bool whole = false;
    if (options.contracts.empty()) {
        const auto place = checkpoint_before(files, options.from_wall_ns);
        if (!place) return std::unexpected(place.error());
        whole = place->has_value();
        if (whole) files.erase(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(**place));
    }
    RecordingReader reader(std::move(files), whole ? INT64_MIN : options.from_wall_ns);
    const Filter filter(options);
    AnswerMemory memory;
    bool begun = false;
    for (;;) {
        auto next = reader.next();
        if (!next) return std::unexpected(next.error());
        if (!*next || (*next)->at.wall_ns >= options.to_wall_ns) break;
        const Record& record = **next;
        if (!options.contracts.empty() && follows_feed(record.body)) {
            return core::fail(core::ErrorCode::invalid_input,
                              "a live feed was followed: which book is read when depends on all contracts, so that "
                              "some of them cannot be cut out; cut a shorter time");
        }
        if (!filter.keeps(record)) continue;
        const bool wanted = record.at.wall_ns >= options.from_wall_ns;
        begun = begun || wanted;
        if (whole || wanted) {
            auto added = into.add(record, [&] { return whole ? std::vector<Record>() : memory.checkpoint(record.at); });
            if (!added) return added;
        }
        if (!whole) memory.note(record);
    }
    if (!begun) return core::fail(core::ErrorCode::not_found, "nothing was recorded in that time");
    return into.finish();
}

core::Result<RecordingSummary> summarize(std::vector<SegmentFile> files) {
    RecordingSummary summary{
        .segments = files, .records = {}, .content = {}, .first_wall_ns = {}, .last_wall_ns = {}, .damage = {}};
    RecordingReader reader(std::move(files));
    for (;;) {
        auto next = reader.next();
        if (!next) return std::unexpected(next.error());
        if (!*next) break;
        const Record& record = **next;
        const std::string kind(kind_name(record.body));
        ++summary.records[kind];
        if (const auto* const answer = std::get_if<RestAnswer>(&record.body)) {
            summary.content[kind] += answer->body.size();
        } else if (const auto* const frame = std::get_if<SocketFrame>(&record.body)) {
            summary.content[kind] += frame->bytes.size();
        }
        if (!summary.first_wall_ns) summary.first_wall_ns = record.at.wall_ns;
        summary.last_wall_ns = record.at.wall_ns;
    }
    summary.damage = reader.damage();
    return summary;
}

}  // namespace scanner::recording
