#pragma once

#include "exchange/rest/field_reader.hpp"

#include "scanner/core/names.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

/// For the decoders' .cpp files only.
namespace scanner::exchange::rest {

/// What became of the rows of a bulk answer.
struct RowCount {
    std::size_t good = 0;
    std::size_t skipped = 0;  ///< well-formed, but not ours
    std::vector<RowProblem> problems;
};

/// Calls `read_code(FieldReader& row)` and then `read(FieldReader& row, std::string_view code)` for each row of `rows`.
/// Either rejects a field to drop the row with a reason; `read` returns false to skip it. Fails when more than half of
/// the rows are bad.
template <class ReadCode, class Read>
core::Result<RowCount> read_rows(simdjson::dom::array rows, std::string_view name, ReadCode read_code, Read read) {
    RowCount count;
    std::size_t index = 0;
    for (const simdjson::dom::element element : rows) {
        const std::size_t position = index++;
        simdjson::dom::object object;
        if (element.get_object().get(object) != simdjson::SUCCESS) {
            count.problems.push_back(
                {fmt::format("row {}", position), core::visible_text(describe(element)) + " is not an object"});
            continue;
        }
        FieldReader row(object);
        const auto code = read_code(row);
        const bool kept = row.ok() && read(row, code);
        if (!row.ok()) {
            count.problems.push_back(
                {code.empty() ? fmt::format("row {}", position) : core::visible_text(code), row.problem()});
        } else if (kept) {
            ++count.good;
        } else {
            ++count.skipped;
        }
    }
    if (count.problems.size() * 2 > index) {
        const auto& first = count.problems.front();
        return core::fail(core::ErrorCode::malformed,
                          fmt::format("{}: {} of {} rows are bad, {}: {}", name, count.problems.size(), index,
                                      first.contract_code, first.problem));
    }
    return count;
}

}  // namespace scanner::exchange::rest
