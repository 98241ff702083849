#pragma once

#include "api/answers/ranked_answers.hpp"
#include "api/answers/rendered.hpp"
#include "api/http/call.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"
#include "scanner/core/clock.hpp"

#include <memory>
#include <vector>

namespace scanner::api {

/// The routes about the service's state, and about the contracts and fields that exist. Loop thread.
class StatusEndpoints {
public:
    /// Everything referred to must outlive it.
    StatusEndpoints(const ApiOptions& options, const ApiPorts& ports, RankedAnswers& answers);

    /// Refer to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    Outcome health(const Call& call);
    Outcome ready(const Call& call);
    Outcome health_details(const Call& call);
    Outcome symbols(const Call& call);
    Outcome fields(const Call& call);
    Outcome exchange(const Call& call);
    Outcome metrics(const Call& call);
    [[nodiscard]] double uptime_sec() const;

    const ApiOptions& options_;
    const ApiPorts& ports_;
    RankedAnswers& answers_;
    core::SteadyTime started_;
    std::shared_ptr<Rendered> alive_;
    std::shared_ptr<Rendered> fields_;
    std::shared_ptr<Rendered> exchange_;
};

}  // namespace scanner::api
