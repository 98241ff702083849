#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::operators {

/// Named lists of contracts, kept by the operator. Loop thread; answers from memory.
class WatchlistSource {
public:
    virtual ~WatchlistSource() = default;
    /// The contract codes of the list `name`, in its order; nothing when there is no such list.
    [[nodiscard]] virtual std::optional<std::vector<std::string>> contracts(std::string_view name) const = 0;
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
};

}  // namespace scanner::operators
