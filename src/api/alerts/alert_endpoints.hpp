#pragma once

#include "api/http/endpoints.hpp"
#include "api/http/places.hpp"
#include "api/operator/operator_body.hpp"

#include "scanner/alerts/alert_service.hpp"
#include "scanner/alerts/scope.hpp"
#include "scanner/api/handler.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/rules/rule.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace scanner::api {

/// The routes of alert rules, alerts and dead letters. Loop thread.
class AlertEndpoints {
public:
    /// Both must outlive it.
    AlertEndpoints(const ApiOptions& options, const engine::EngineView& engine) : options_(options), engine_(engine) {}

    /// Empty without an operator service, an alert service and an archive. Refers to this object.
    [[nodiscard]] std::vector<Route<Handler>> routes();

private:
    using Answer = boost::asio::awaitable<ActionOutcome>;

    Outcome rules(const Call& call);
    Answer put_rule(Action action);
    Answer delete_rule(Action action);
    Answer test_rule(Action action);
    boost::asio::awaitable<Outcome> alerts(OwnedCall call);
    boost::asio::awaitable<Outcome> dead_letters(OwnedCall call);
    Answer redeliver(Action action);
    Answer delete_dead_letter(Action action);

    /// The member `scope` when it is there; what is wrong with it goes to `reader`.
    [[nodiscard]] std::optional<alerts::AlertScope> read_scope(BodyReader& reader) const;
    [[nodiscard]] std::optional<alerts::RuleView> find_rule(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> rule_names() const;
    [[nodiscard]] storage::DocumentStore& documents() const { return options_.operator_service->store(); }
    [[nodiscard]] storage::AlertArchive& archive() const { return *options_.alert_archive; }

    const ApiOptions& options_;
    const engine::EngineView& engine_;
    Places new_rules_{alerts::kMostRules};  ///< those on their way into the database
};

}  // namespace scanner::api
