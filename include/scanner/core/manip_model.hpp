#pragma once

#include <cstdint>
#include <string_view>

namespace scanner::core {

/// Where `manip_score` and `manip_flags` come from.
enum class ManipModel : std::uint8_t {
    seed,      ///< rules and a logistic over the numbers of a cycle (docs/metrics.md, "Manipulation")
    measured,  ///< detectors over tape and book whose error rates are known (docs/manipulation.md)
};
/// The one that is used where nothing else is asked for.
inline constexpr ManipModel kDefaultManipModel = ManipModel::measured;

/// "seed", "measured": as the setting and answers spell it.
[[nodiscard]] constexpr std::string_view to_string(ManipModel model) noexcept {
    return model == ManipModel::measured ? "measured" : "seed";
}

}  // namespace scanner::core
