#include "api/http/precondition.hpp"

#include "api/http/negotiation.hpp"

namespace scanner::api {

Problem precondition_failed() {
    return {.status = 412,
            .type = "changed-meanwhile",
            .title = "Changed meanwhile",
            .detail = "This is no longer what If-Match names: it was changed meanwhile. Read it again, then decide."};
}

Precondition::Precondition(const net::ServerRequest& request) : if_match_(all_values(request, "If-Match")) {}

bool Precondition::names(const Rendered& resource) const {
    return match_hits(if_match_, resource.etag()) || match_hits(if_match_, resource.gzip_etag());
}

}  // namespace scanner::api
