#include "scanner/operator/operator_service.hpp"

#include "operator/operator_weights.hpp"

#include "scanner/core/symbol.hpp"

#include <algorithm>
#include <utility>

namespace scanner::operators {
namespace {

bool same(const EffectiveSettings& a, const EffectiveSettings& b) {
    return a.notional_usdt == b.notional_usdt && a.manipulation_threshold == b.manipulation_threshold &&
           a.default_weights == b.default_weights &&
           std::ranges::equal(a.profiles, b.profiles, [](const signals::Profile& x, const signals::Profile& y) {
               return x.name == y.name && x.weights == y.weights;
           });
}

class OperatorServiceImpl final : public OperatorService {
public:
    OperatorServiceImpl(storage::DocumentStore& store, OperatorDefaults defaults, ApplySettings apply)
        : store_(store), defaults_(std::move(defaults)), apply_(std::move(apply)) {
        effective_ = effective_settings(*store_.documents(), defaults_);
        if (apply_ && store_.documents()->loaded) apply_(effective_);
        store_.subscribe([this, alive = std::weak_ptr(alive_)](const storage::OperatorDocumentsPtr& documents) {
            if (!alive.expired()) take(*documents);
        });
    }

    std::optional<std::vector<std::string>> contracts(std::string_view name) const override {
        const auto documents = store_.documents();
        const storage::Watchlist* const list = documents->find_watchlist(name);
        if (list == nullptr) return std::nullopt;
        std::vector<std::string> codes;
        for (const std::string& symbol : list->symbols) {
            if (auto code = core::parse_symbol(symbol)) codes.push_back(std::move(*code));
        }
        return codes;
    }
    std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (const storage::Watchlist& list : store_.documents()->watchlists) names.push_back(list.name);
        return names;
    }

    storage::DocumentStore& store() override { return store_; }
    const OperatorDefaults& defaults() const override { return defaults_; }
    void set_defaults(OperatorDefaults defaults) override {
        defaults_ = std::move(defaults);
        take(*store_.documents());
    }
    const EffectiveSettings& effective() const override { return effective_; }

private:
    void take(const storage::OperatorDocuments& documents) {
        EffectiveSettings next = effective_settings(documents, defaults_);
        if (same(next, effective_)) return;
        effective_ = std::move(next);
        if (apply_) apply_(effective_);
    }

    storage::DocumentStore& store_;
    OperatorDefaults defaults_;
    ApplySettings apply_;
    EffectiveSettings effective_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace

EffectiveSettings effective_settings(const storage::OperatorDocuments& documents, const OperatorDefaults& defaults) {
    const storage::OperatorSettings& settings = documents.settings;
    const signals::Weights base = base_weights(defaults.default_profile);
    EffectiveSettings effective{
        .default_weights =
            settings.applied_profile ? find_weights(documents, base, *settings.applied_profile).value_or(base) : base,
        .notional_usdt = settings.notional.value_or(defaults.notional_usdt),
        .manipulation_threshold = settings.manipulation_threshold.value_or(defaults.manipulation_threshold)};
    signals::Weights& weights = effective.default_weights;
    weights.edges_liquidity = settings.liquidity_weight.value_or(weights.edges_liquidity);
    weights.edges_momentum = settings.momentum_weight.value_or(weights.edges_momentum);
    weights.cost_spread = settings.spread_penalty.value_or(weights.cost_spread);
    for (const signals::Profile& profile : signals::builtin_profiles()) {
        const bool is_default = profile.name == defaults.default_profile;
        effective.profiles.push_back({.name = profile.name, .weights = is_default ? weights : profile.weights});
    }
    for (const storage::ProfilePreset& preset : documents.presets) {
        if (signals::find_builtin_profile(preset.name) != nullptr) continue;
        effective.profiles.push_back({.name = preset.name, .weights = complete_weights(base, preset.weights)});
    }
    return effective;
}

std::unique_ptr<OperatorService> make_operator_service(storage::DocumentStore& store, OperatorDefaults defaults,
                                                       ApplySettings apply) {
    return std::make_unique<OperatorServiceImpl>(store, std::move(defaults), std::move(apply));
}

}  // namespace scanner::operators
