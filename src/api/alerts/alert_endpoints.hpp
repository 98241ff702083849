#pragma once

#include "api/http/call.hpp"
#include "api/http/json_body.hpp"
#include "api/http/places.hpp"

#include "scanner/alerts/alert_service.hpp"
#include "scanner/alerts/scope.hpp"
#include "scanner/api/ports.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/storage/alert_archive.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace scanner::api {

/// The routes of alert rules, alerts and dead letters. Loop thread.
class AlertEndpoints {
public:
    /// `ports` must outlive it.
    explicit AlertEndpoints(const ApiPorts& ports) : ports_(ports) {}

    /// Empty without an operator service, an alert service and an archive. Refers to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    using Waiting = boost::asio::awaitable<Outcome>;

    Outcome rules(const Call& call);
    Waiting put_rule(Call call);
    Waiting delete_rule(Call call);
    Waiting test_rule(Call call);
    [[nodiscard]] std::expected<storage::AlertsQuery, Problem> read_alerts_query(const Call& call) const;
    Waiting alerts(Call call, storage::AlertsQuery query);
    struct LettersQuery {
        std::size_t limit = 0;
    };
    [[nodiscard]] std::expected<LettersQuery, Problem> read_letters_query(const Call& call) const;
    Waiting dead_letters(Call call, LettersQuery query);
    Waiting redeliver(Call call);
    Waiting delete_dead_letter(Call call);

    /// The member `scope` when it is there; what is wrong with it goes to `reader`.
    [[nodiscard]] std::optional<alerts::AlertScope> read_scope(BodyReader& reader) const;
    [[nodiscard]] std::optional<alerts::RuleView> find_rule(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> rule_names() const;
    [[nodiscard]] storage::DocumentStore& documents() const { return ports_.operator_service->store(); }
    [[nodiscard]] storage::AlertArchive& archive() const { return *ports_.alert_archive; }

    const ApiPorts& ports_;
    Places new_rules_{alerts::kMaxRules};  ///< those on their way into the database
};

}  // namespace scanner::api
