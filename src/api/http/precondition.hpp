#pragma once

#include "api/answers/rendered.hpp"
#include "api/http/problem.hpp"

#include "scanner/net/http_message.hpp"
#include "scanner/storage/document_store.hpp"

#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace scanner::api {

/// 412
[[nodiscard]] Problem precondition_failed();

/// What If-Match asks for. The dispatcher reads it for the routes whose resources have versions.
class Precondition {
public:
    /// None.
    Precondition() = default;
    explicit Precondition(const net::ServerRequest& request);

    [[nodiscard]] bool asked() const { return !if_match_.empty(); }

    /// The version that a change must find: whatever there is when nothing was asked, `version` when the client saw a
    /// resource as it is now, by strong comparison. 412 otherwise. `any_of(names)` is called only when something was
    /// asked, so that nothing is rendered for clients without a precondition: it says whether `names` is true of one of
    /// the resources that the client may have seen.
    template <class AnyOf>
    [[nodiscard]] std::expected<storage::DocumentStore::Expected, Problem> expect(storage::DocumentVersion version,
                                                                                  const AnyOf& any_of) const {
        if (!asked()) return std::nullopt;
        if (any_of([this](const Rendered& resource) { return names(resource); })) return version;
        return std::unexpected(precondition_failed());
    }

private:
    [[nodiscard]] bool names(const Rendered& resource) const;

    std::string if_match_;
};

}  // namespace scanner::api
