#include "simulator/face/encode/answer.hpp"

#include "simulator/face/encode/errors.hpp"
#include "simulator/face/encode/gzip.hpp"

#include <utility>

namespace scanner::simulator::face {
namespace {

constexpr std::size_t kWorthPacking = 256;

boost::asio::awaitable<void> drop_connection(net::BodyWriter& writer) {
    writer.abort();
    co_return;
}

}  // namespace

net::ServerResponse http_answer(int status, Rendered& body, std::string_view content_type, bool accepts_gzip) {
    net::ServerResponse response;
    response.status = status;
    response.headers = {{"Content-Type", std::string(content_type)}, {"eo-cache-status", "MISS"}};
    response.body = body.plain;
    if (body.plain->size() < kWorthPacking) return response;
    response.headers.push_back({"Vary", "Accept-Encoding"});
    if (!accepts_gzip) return response;
    if (!body.packed) body.packed = std::make_shared<const std::string>(gzip(*body.plain));
    response.body = body.packed;
    response.headers.push_back({"Content-Encoding", "gzip"});
    return response;
}

net::ServerResponse http_answer(int status, std::string body, std::string_view content_type, bool accepts_gzip) {
    Rendered rendered{.plain = std::make_shared<const std::string>(std::move(body)), .packed = nullptr};
    return http_answer(status, rendered, content_type, accepts_gzip);
}

void add_limit_headers(net::ServerResponse& response, const LimitDecision& decision, core::WallTime now) {
    response.headers.push_back({"ratelimit-limit", std::to_string(decision.limit)});
    response.headers.push_back({"ratelimit-interval", std::to_string(decision.interval.count())});
    response.headers.push_back({"ratelimit-remaining", std::to_string(decision.remaining)});
    response.headers.push_back({"ratelimit-reset", std::to_string(core::to_unix_ms(now + decision.until_reset))});
}

net::ServerResponse over_limit_answer(OverLimit over, core::WallTime now, LimitClass limit_class, bool accepts_gzip) {
    if (over == OverLimit::html) return http_answer(429, html_page(429), kHtmlType, accepts_gzip);
    return http_answer(over == OverLimit::json ? 429 : 200, over_limit_error(now, limit_class), kJsonType,
                       accepts_gzip);
}

net::ServerResponse fault_answer(const FaultSpec& fault, core::WallTime now, LimitClass limit_class,
                                 std::string_view path, bool accepts_gzip) {
    switch (fault.kind) {
        case FaultKind::http_429: return over_limit_answer(OverLimit::json, now, limit_class, accepts_gzip);
        case FaultKind::http_429_html: return over_limit_answer(OverLimit::html, now, limit_class, accepts_gzip);
        case FaultKind::body_1032: return over_limit_answer(OverLimit::body, now, limit_class, accepts_gzip);
        case FaultKind::maintenance: return http_answer(200, maintain_body(), kJsonType, accepts_gzip);
        case FaultKind::empty: return http_answer(200, std::string(), kJsonType, accepts_gzip);
        case FaultKind::bulk_404: return http_answer(404, spring_error(now, 404, path), kJsonType, accepts_gzip);
        case FaultKind::reset: {
            net::ServerResponse response;
            response.stream = drop_connection;
            return response;
        }
        default: return http_answer(fault.status, html_page(fault.status), kHtmlType, accepts_gzip);
    }
}

void truncate(net::ServerResponse& response) {
    if (!response.body) return;
    const std::size_t whole = response.body->size();
    response.body = std::make_shared<const std::string>(response.body->substr(0, whole / 2));
    response.declared_length = whole;
    response.close = true;
}

}  // namespace scanner::simulator::face
