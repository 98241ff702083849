#include "storage/history/inputs_table.hpp"

#include <algorithm>
#include <utility>

namespace scanner::storage {

void InputsSchemas::load(SqlSession& session) {
    std::vector<std::pair<std::int64_t, std::string>> rows;
    session.execute("SELECT id, fields FROM input_schemas ORDER BY id", {},
                    [&](const SqlRow& row) { rows.emplace_back(row.integer(0), row.text(1)); });
    // Every page that is read asks for them, and they change with the program.
    static thread_local std::shared_ptr<Decoded> last;
    if (!last || last->rows != rows) {
        last = std::make_shared<Decoded>();
        for (const auto& [id, fields] : rows) {
            if (auto schema = decode_inputs_schema(fields)) last->schemas.emplace(id, std::move(*schema));
        }
        last->rows = std::move(rows);
    }
    decoded_ = last;
}

std::int64_t InputsSchemas::id_of(SqlSession& session, const InputsSchema& schema, core::WallTime now) {
    const auto known = [&] {
        return std::ranges::find_if(decoded_->schemas, [&](const auto& entry) { return entry.second == schema; });
    };
    if (const auto found = known(); found != decoded_->schemas.end()) return found->first;
    const std::string fields = encode_inputs_schema(schema);
    // Another process may take the same id for another schema: then the next one is free. It may also have kept this
    // very schema since the last look, so that looking and inserting are one statement: both see the same rows, and
    // two that see the same rows want the same id, which only one of them gets.
    for (int attempt = 0; attempt < 8; ++attempt) {
        session.execute(
            "INSERT INTO input_schemas (id, fields, made_at) SELECT coalesce(max(id), 0) + 1, ?1, ?2 FROM "
            "input_schemas HAVING count(CASE WHEN fields = ?1 THEN 1 END) = 0 ON CONFLICT (id) DO NOTHING",
            {JsonText{fields}, now});
        load(session);
        if (const auto found = known(); found != decoded_->schemas.end()) return found->first;
    }
    throw SqlError(core::ErrorCode::timeout, "the schema of the inputs could not be kept: others keep theirs");
}

std::string InputsSchemas::render(const SqlRow& row, int first, std::string_view symbol) {
    if (!row.is_null(first)) return std::string(row.text(first));
    if (row.is_null(first + 1)) return {};
    const auto& schemas = decoded_->schemas;
    auto& renderers = decoded_->renderers;
    const std::int64_t id = row.integer(first + 1);
    auto renderer = renderers.find(id);
    if (renderer == renderers.end()) {
        const auto schema = schemas.find(id);
        if (schema == schemas.end()) return {};
        renderer = renderers.try_emplace(id, schema->second, schemas.rbegin()->second).first;
    }
    const std::string_view texts = row.is_null(first + 3) ? std::string_view() : row.text(first + 3);
    return renderer->second.render(row.reals(first + 2), texts, symbol);
}

}  // namespace scanner::storage
