#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/signals/detect/flags.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <type_traits>

namespace scanner::engine {

/// Whether a contract is ranked below all others: from when the score of a flag reaches the threshold until all that
/// did have been under it for so long. A flag that cannot be told is not under it, for an hour. Pure.
class Quarantine {
public:
    static constexpr std::chrono::minutes kRelease{5};
    /// Its input may be gone for good: a contract that lost its feed is not held for ever.
    static constexpr std::chrono::hours kLongestUnknown{1};

    /// Whether it is quarantined at `at`, which does not go back. `over`: the flags at the threshold or over it;
    /// `unknown`: those that cannot be told.
    bool update(signals::FlagSet over, signals::FlagSet unknown, core::WallTime at) {
        held_ = false;
        if (!over.empty()) {
            since_ = over_at_ = at;
            for_each(over, [this](signals::DetectorFlag flag) { raised_.set(flag); });
        } else if (since_ && at - over_at_ < kLongestUnknown) {
            held_ = raised_.empty() ? is_blind(unknown) : false;
            for_each(unknown, [this](signals::DetectorFlag flag) { held_ = held_ || raised_.has(flag); });
            if (held_) since_ = at;
        }
        if (since_ && at - *since_ >= kRelease) {
            since_.reset();
            raised_ = {};
        }
        return since_.has_value();
    }
    [[nodiscard]] bool active() const noexcept { return since_.has_value(); }
    /// When it last was not known to be under the threshold; empty while it is not quarantined.
    [[nodiscard]] std::optional<core::WallTime> last_over() const noexcept { return since_; }
    /// Which flags raised it is not kept: it is held for as long as none can be told.
    void restore(std::optional<core::WallTime> last_over) noexcept {
        since_ = last_over;
        over_at_ = last_over.value_or(core::WallTime{});
        raised_ = {};
    }
    /// All of it (core/checkpoint.hpp).
    static void persist(auto& self, auto& archive) {
        archive(self.since_, self.over_at_, self.held_);
        for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) {
            bool raised = self.raised_.has(flag.flag);
            archive(raised);
            if constexpr (std::remove_cvref_t<decltype(archive)>::kReads) self.raised_.set(flag.flag, raised);
        }
    }
    /// When it ends if nothing happens and no flag that raised it is unknown.
    [[nodiscard]] std::optional<core::WallTime> ends_at() const {
        return since_ ? std::optional(*since_ + kRelease) : std::nullopt;
    }
    /// Whether a flag that raised it could not be told at the last update.
    [[nodiscard]] bool is_held() const noexcept { return held_; }

private:
    template <class Do>
    static void for_each(signals::FlagSet flags, const Do& act) {
        for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) {
            if (flags.has(flag.flag)) act(flag.flag);
        }
    }

    /// Whether no flag that counts can be told.
    static bool is_blind(signals::FlagSet unknown) {
        return std::ranges::all_of(signals::kDetectorFlags, [unknown](const signals::DetectorFlagInfo& flag) {
            return unknown.has(flag.flag) || !flag.counts();
        });
    }

    std::optional<core::WallTime> since_;
    core::WallTime over_at_;  ///< when a flag was over the threshold last
    signals::FlagSet raised_;
    bool held_ = false;  ///< at the last update, by a flag that cannot be told
};

}  // namespace scanner::engine
