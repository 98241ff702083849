#pragma once

#include "scanner/ranking/ranking.hpp"
#include "scanner/storage/inputs_schema.hpp"

#include <optional>
#include <string>
#include <vector>

namespace scanner::engine {

/// What history keeps of a contract's cycle so that its scores can be computed again: one list of names with what gives
/// their values. A number that is added to it makes a new schema; older rows have none of it, and null is read.
/// Immutable; any thread.
class StoredInputs {
public:
    /// A contract in a ranking.
    struct Source {
        const market::MarketData& data;
        signals::NumbersView numbers;
    };
    struct Field {
        storage::InputField name;
        std::optional<double> (*number)(const Source&, std::size_t) = nullptr;
        std::size_t place = 0;  ///< what `number` is given beside the source: its place in a list
    };

    explicit StoredInputs(std::vector<Field> fields);

    [[nodiscard]] const storage::InputsSchemaPtr& schema() const { return schema_; }
    /// One for each number of the schema.
    [[nodiscard]] std::vector<std::optional<double>> numbers(const Source& source) const;
    /// Notes, flags, and the contract's code where its symbol does not say it, as the schema's texts; mostly empty.
    [[nodiscard]] std::string texts(const ranking::ContractSnapshot& snapshot) const;

private:
    std::vector<Field> numbers_;  ///< of fields_ those that are numbers
    storage::InputsSchemaPtr schema_;
};

/// Those of this version.
[[nodiscard]] const StoredInputs& stored_inputs();

}  // namespace scanner::engine
