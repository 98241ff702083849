#include "scanner/recording/answer_memory.hpp"

#include "scanner/core/bytes.hpp"
#include "scanner/core/url.hpp"

#include <utility>

namespace scanner::recording {

std::unique_ptr<RestAnswer> answer_of(const Checkpoint& checkpoint) {
    if (checkpoint.version != kAnswerPiece) return nullptr;
    core::ByteReader source(checkpoint.bytes);
    auto answer = std::make_unique<RestAnswer>();
    answer->url = checkpoint.name;
    const std::uint64_t status = source.varint();
    answer->body = std::string(source.short_text());
    if (!source.ok() || status > 999) return nullptr;
    answer->status = static_cast<int>(status);
    return answer;
}

void AnswerMemory::note(const Record& record) {
    if (const auto* const answer = std::get_if<RestAnswer>(&record.body)) {
        if (answer->status < 200 || answer->status > 299) return;
        std::string bytes;
        core::ByteWriter sink(bytes);
        sink.varint(static_cast<std::uint64_t>(answer->status));
        sink.short_text(answer->body);
        keep(answer->url, record.at.wall_ns, std::move(bytes));
    } else if (const auto* const piece = std::get_if<Checkpoint>(&record.body)) {
        if (answer_of(*piece)) keep(piece->name, record.at.wall_ns, piece->bytes);
    } else if (const auto* const settings = std::get_if<SettingsInEffect>(&record.body)) {
        settings_ = settings->text;
    } else if (const auto* const change = std::get_if<OperatorChange>(&record.body)) {
        if (changes_.contains(change->kind) || changes_.size() < kMaxChanges) changes_[change->kind] = change->text;
    }
}

void AnswerMemory::keep(const std::string& url, std::int64_t wall_ns, std::string bytes) {
    Kept& kept = answers_[url];
    by_age_.erase(kept.order);
    kept = {.order = ++order_, .wall_ns = wall_ns, .bytes = std::move(bytes)};
    by_age_[order_] = url;
    while (answers_.size() > kMaxAnswers) {
        answers_.erase(by_age_.begin()->second);
        by_age_.erase(by_age_.begin());
    }
}

std::vector<Record> AnswerMemory::checkpoint(Stamp at, bool with_settings, std::int64_t since_wall_ns) const {
    std::vector<Record> pieces;
    if (with_settings && !settings_.empty()) pieces.push_back({at, SettingsInEffect{settings_}});
    for (const auto& [kind, text] : changes_) pieces.push_back({at, OperatorChange{.kind = kind, .text = text}});
    for (const auto& [order, url] : by_age_) {
        const Kept& kept = answers_.at(url);
        if (kept.wall_ns < since_wall_ns) continue;
        pieces.push_back({at, Checkpoint{.version = kAnswerPiece, .name = url, .bytes = kept.bytes}});
    }
    return pieces;
}

std::string contract_of_url(std::string_view url) {
    constexpr std::string_view kName = "contract_code=";
    const std::size_t at = url.find(kName);
    if (at == std::string_view::npos) return {};
    std::string_view value = url.substr(at + kName.size());
    value = value.substr(0, value.find_first_of("&#"));
    std::string code = core::percent_decode(value).value_or("");
    return code.contains(',') ? std::string() : code;  // of several
}

}  // namespace scanner::recording
