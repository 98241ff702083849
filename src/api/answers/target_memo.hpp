#pragma once

#include "api/answers/rendered.hpp"

#include "scanner/net/request_target.hpp"
#include "scanner/ranking/ranking.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace scanner::api {

/// What targets came to, by their bytes as sent: who polls asks the same again and again, and a target that was read
/// once need not be read again as long as the newest ranking is the same one. Only for answers that are functions of
/// target and newest ranking. Holds at most kPlaces answers, all of one ranking; of two targets that belong in the same
/// place the later one has it. One thread.
class TargetMemo {
public:
    static constexpr std::size_t kPlaces = 64;
    /// Longer targets are not kept.
    static constexpr std::size_t kMaxBytes = 512;

    struct Answer {
        std::string target;
        std::string_view label;  ///< of the route, for metrics; a literal
        std::shared_ptr<Rendered> rendered;
    };

    /// nullptr when it is not kept. Valid until the next `keep`.
    [[nodiscard]] const Answer* find(const ranking::Ranking& newest, std::string_view target) const;
    void keep(const ranking::Ranking& newest, std::string_view target, std::string_view label,
              std::shared_ptr<Rendered> rendered);

    /// Whether what `label` answers to `params` depends on the newest ranking and nothing else: not on a list that its
    /// owner may change, and not on a cycle named by number or time.
    [[nodiscard]] static bool fits(std::string_view label, const net::QueryParameters& params);

private:
    [[nodiscard]] static std::size_t place_of(std::string_view target);
    [[nodiscard]] bool is_of(const ranking::Ranking& ranking) const;

    std::uint64_t sequence_ = 0;
    core::WallTime time_;  ///< tells apart cycles of the same number, should a sequence ever begin anew
    std::array<Answer, kPlaces> answers_;
};

}  // namespace scanner::api
