#include "api/answers/target_memo.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace scanner::api {

const TargetMemo::Answer* TargetMemo::find(const ranking::Ranking& newest, std::string_view target) const {
    if (!is_of(newest) || target.size() > kMaxBytes) return nullptr;
    const Answer& answer = answers_[place_of(target)];
    return answer.rendered != nullptr && answer.target == target ? &answer : nullptr;
}

void TargetMemo::keep(const ranking::Ranking& newest, std::string_view target, std::string_view label,
                      std::shared_ptr<Rendered> rendered) {
    if (target.size() > kMaxBytes) return;
    if (!is_of(newest)) {
        answers_.fill({});
        sequence_ = newest.sequence;
        time_ = newest.time;
    }
    Answer& answer = answers_[place_of(target)];
    answer.target = target;
    answer.label = label;
    answer.rendered = std::move(rendered);
}

bool TargetMemo::fits(std::string_view label, const net::QueryParameters& params) {
    if (label != "/rankings" && label != "/opportunities") return false;
    return std::ranges::none_of(params, [](const net::QueryParameter& param) {
        return param.name == "watchlist" || param.name == "seq" || param.name == "as_of";
    });
}

std::size_t TargetMemo::place_of(std::string_view target) {
    return std::hash<std::string_view>()(target) % kPlaces;
}

bool TargetMemo::is_of(const ranking::Ranking& ranking) const {
    return ranking.sequence == sequence_ && ranking.time == time_;
}

}  // namespace scanner::api
