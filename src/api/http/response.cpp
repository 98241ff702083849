#include "api/http/response.hpp"

#include "api/access/cors.hpp"
#include "api/http/negotiation.hpp"

#include <algorithm>
#include <utility>

namespace scanner::api {
namespace {

void add(net::ServerResponse& response, std::string name, std::string value) {
    response.headers.push_back({.name = std::move(name), .value = std::move(value)});
}

void add_common(net::ServerResponse& response, const net::ServerRequest& request, const ResponseContext& context) {
    if (context.simulated) add(response, "X-Market", "simulated");
    if (context.replay) add(response, "X-Replay", "true");
    for (auto& header : cors_headers(context.cors_origins, request.header("Origin"))) {
        response.headers.push_back(std::move(header));
    }
}

void add_age(net::ServerResponse& response, const ScanStamp& stamp, core::WallTime now) {
    const auto age = std::max(std::chrono::milliseconds(0), now - stamp.data_time.value_or(stamp.time));
    add(response, "X-Data-Age-Ms", std::to_string(age.count()));
}

}  // namespace

net::ServerResponse make_response(Rendered& rendered, const net::ServerRequest& request,
                                  const ResponseContext& context) {
    net::ServerResponse response;
    response.headers.reserve(4);
    const bool packed = accepts_gzip(all_values(request, "Accept-Encoding")) && rendered.gzip() != nullptr;
    const auto form = packed ? Rendered::Form::gzip : Rendered::Form::plain;
    if (const auto& stamp = rendered.stamp()) add_age(response, *stamp, context.now);
    add_common(response, request, context);
    if (none_match_hits(all_values(request, "If-None-Match"), packed ? rendered.gzip_etag() : rendered.etag())) {
        response.status = 304;
        response.rendered_headers = rendered.header_lines(form, Rendered::Answer::not_modified);
        return response;
    }
    response.rendered_headers = rendered.header_lines(form, Rendered::Answer::full);
    response.body = packed ? rendered.gzip() : rendered.body();
    return response;
}

net::ServerResponse make_response(const Problem& problem, const net::ServerRequest& request,
                                  const ResponseContext& context) {
    net::ServerResponse response;
    response.status = problem.status;
    response.headers.reserve(8);
    add(response, "Content-Type", "application/problem+json");
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "Cache-Control", "no-store");
    if (problem.retry_after_sec) add(response, "Retry-After", std::to_string(*problem.retry_after_sec));
    if (!problem.allow.empty()) add(response, "Allow", problem.allow);
    if (problem.bearer_challenge) add(response, "WWW-Authenticate", "Bearer realm=\"market-scanner\"");
    add_common(response, request, context);
    response.body = std::make_shared<const std::string>(render_problem(problem));
    return response;
}

net::ServerResponse make_response(ActionAnswer answer, const net::ServerRequest& request,
                                  const ResponseContext& context) {
    net::ServerResponse response;
    if (!answer.etag.empty()) add(response, "ETag", std::move(answer.etag));
    add(response, "Cache-Control", "no-store");
    add(response, "Content-Type", "application/json");
    add(response, "X-Content-Type-Options", "nosniff");
    add_common(response, request, context);
    response.body = std::make_shared<const std::string>(std::move(answer.json));
    return response;
}

net::ServerResponse make_response(Outcome outcome, const net::ServerRequest& request, const ResponseContext& context) {
    if (!outcome) return make_response(outcome.error(), request, context);
    if (auto* const rendered = std::get_if<std::shared_ptr<Rendered>>(&*outcome)) {
        return make_response(**rendered, request, context);
    }
    if (auto* const answer = std::get_if<ActionAnswer>(&*outcome)) {
        return make_response(std::move(*answer), request, context);
    }
    return std::move(std::get<net::ServerResponse>(*outcome));
}

net::ServerResponse make_options_response(const net::ServerRequest& request, std::string allow,
                                          const ResponseContext& context) {
    net::ServerResponse response;
    response.status = 204;
    add_common(response, request, context);
    if (!request.header("Access-Control-Request-Method").empty()) {
        for (auto& header : cors_preflight_headers(context.cors_origins, request.header("Origin"), allow)) {
            response.headers.push_back(std::move(header));
        }
    }
    add(response, "Allow", std::move(allow));
    return response;
}

}  // namespace scanner::api
