#pragma once

#include "scanner/operator/watchlist_source.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/storage/document_store.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scanner::operators {

/// From which manip_score on a contract counts as manipulated, unless the operator says otherwise.
inline constexpr double kDefaultManipulationThreshold = 60.0;

/// Defaults for what the operator has not set.
struct OperatorDefaults {
    std::string default_profile = "scalp";  ///< SCANNER_PROFILE_DEFAULT; a built-in one
    double notional_usdt = 5'000.0;         ///< SCANNER_NOTIONAL_TEST
    double manipulation_threshold = kDefaultManipulationThreshold;

    friend bool operator==(const OperatorDefaults&, const OperatorDefaults&) = default;
};

/// Result of the operator's documents over the defaults.
struct EffectiveSettings {
    /// Every profile that cycles are ranked under: the built-in ones first, the default one with the operator's weights
    /// in place of its own; then the operator's own, by name.
    std::vector<signals::Profile> profiles;
    signals::Weights default_weights;  ///< of the default profile
    double notional_usdt = 0.0;
    double manipulation_threshold = 0.0;
};
/// Pure. A profile that lacks weights has the built-in default profile's; unknown and non-finite ones are passed over.
[[nodiscard]] EffectiveSettings effective_settings(const storage::OperatorDocuments& documents,
                                                   const OperatorDefaults& defaults);

/// The operator's settings, watchlists and profiles as the rest of the program needs them: in memory, and applied
/// whenever they change. Loop thread only.
class OperatorService : public WatchlistSource {
public:
    [[nodiscard]] virtual storage::DocumentStore& store() = 0;
    [[nodiscard]] virtual const OperatorDefaults& defaults() const = 0;
    /// After a reload of the program's settings.
    virtual void set_defaults(OperatorDefaults defaults) = 0;
    [[nodiscard]] virtual const EffectiveSettings& effective() const = 0;
};

/// Called with the effective settings whenever they changed, by this process or another; takes effect with the next
/// cycle.
using ApplySettings = std::function<void(const EffectiveSettings&)>;

/// `store` must outlive it.
[[nodiscard]] std::unique_ptr<OperatorService> make_operator_service(storage::DocumentStore& store,
                                                                     OperatorDefaults defaults, ApplySettings apply);

}  // namespace scanner::operators
