#pragma once

#include "storage/history/inputs_renderer.hpp"
#include "storage/sql/sql.hpp"

#include "scanner/storage/inputs_schema.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::storage {

/// The table `input_schemas`: what the arrays in `ranking_inputs` mean. Within a transaction and on one thread; throws
/// SqlError.
class InputsSchemas {
public:
    /// Reads all of them; there is one for each set of numbers that a version of the program kept.
    void load(SqlSession& session);

    /// The id of the schema, under which it is kept from now on. Several processes may ask at once.
    [[nodiscard]] std::int64_t id_of(SqlSession& session, const InputsSchema& schema, core::WallTime now);

    /// Columns of `ranking_inputs i` that render() reads.
    static constexpr std::string_view kColumns = "i.inputs, i.schema, i.numbers, i.texts";
    /// The row's inputs as JSON, by the columns from `first` on; empty where it has none.
    [[nodiscard]] std::string render(const SqlRow& row, int first, std::string_view symbol);

private:
    struct Decoded {
        std::vector<std::pair<std::int64_t, std::string>> rows;  ///< as the table has them
        std::map<std::int64_t, InputsSchema> schemas;            ///< the newest has the highest id
        std::map<std::int64_t, InputsRenderer> renderers;        ///< of those that rows had
    };
    /// Shared with the loads after this one on the same thread, until the table changes.
    std::shared_ptr<Decoded> decoded_ = std::make_shared<Decoded>();
};

}  // namespace scanner::storage
