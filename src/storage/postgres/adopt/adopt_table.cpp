#include "storage/postgres/adopt/adopt_table.hpp"

#include "storage/postgres/postgres_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace scanner::storage {
namespace {

struct OldColumn {
    std::string name;
    std::string type;     ///< "int4", "varchar", "timestamptz", "_text" …
    bool narrow = false;  ///< has a length, a precision or a scale
    bool not_null = false;
    bool has_default = false;  ///< or is an identity
    bool generated = false;
    bool in_key = false;
};

struct OldUnique {
    std::string index;
    std::string constraint;  ///< empty: a bare index
    std::set<std::string> columns;
    std::string column_list;
};

std::string quoted_name(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

std::vector<OldColumn> columns_of(SqlSession& session, std::string_view table) {
    std::vector<OldColumn> columns;
    session.execute(
        "SELECT a.attname, t.typname, a.atttypmod >= 0, a.attnotnull, a.atthasdef OR a.attidentity <> '', "
        "a.attgenerated <> '', EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary "
        "AND a.attnum = ANY (i.indkey)) "
        "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
        "WHERE a.attrelid = to_regclass(?1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        {table}, [&](const SqlRow& row) {
            columns.push_back({.name = std::string(row.text(0)),
                               .type = std::string(row.text(1)),
                               .narrow = row.integer(2) != 0,
                               .not_null = row.integer(3) != 0,
                               .has_default = row.integer(4) != 0,
                               .generated = row.integer(5) != 0,
                               .in_key = row.integer(6) != 0});
        });
    return columns;
}

std::vector<OldUnique> uniques_of(SqlSession& session, std::string_view table) {
    std::vector<OldUnique> uniques;
    session.execute(
        "SELECT x.relname, coalesce((SELECT c.conname FROM pg_constraint c WHERE c.conindid = i.indexrelid "
        "AND c.contype IN ('p', 'u') LIMIT 1), ''), a.attname FROM pg_index i "
        "JOIN pg_class x ON x.oid = i.indexrelid "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) "
        "WHERE i.indrelid = to_regclass(?1) AND i.indisunique AND i.indexprs IS NULL ORDER BY 1, a.attnum",
        {table}, [&](const SqlRow& row) {
            if (uniques.empty() || uniques.back().index != row.text(0))
                uniques.push_back({.index = std::string(row.text(0)), .constraint = std::string(row.text(1))});
            const std::string column(row.text(2));
            uniques.back().columns.insert(column);
            uniques.back().column_list += (uniques.back().column_list.empty() ? "" : ", ") + quoted_name(column);
        });
    return uniques;
}

std::set<std::string> names_in(std::string_view list) {
    std::set<std::string> names;
    while (!list.empty()) {
        const std::size_t comma = list.find(", ");
        names.emplace(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 2);
    }
    return names;
}

class Adoption {
public:
    Adoption(SqlSession& session, const Table& table, std::vector<std::string>& steps)
        : session_(session), table_(table), steps_(steps), columns_(columns_of(session, table.name)) {}

    void run() {
        const std::size_t before = steps_.size();
        for (const Column& column : table_.columns) fit_column(column);
        if (table_.name == "user_profiles") fill_settings();
        for (const OldColumn& column : columns_) relax_column(column);
        demote_uniques();
        for (const std::string& name : unfillable_) allow_null(name);
        add_indices();
        if (steps_.size() == before) steps_.push_back(fmt::format("took over table {} as it is", table_.name));
    }

private:
    const OldColumn* find(std::string_view name) const {
        const auto found = std::ranges::find(columns_, name, &OldColumn::name);
        return found == columns_.end() ? nullptr : &*found;
    }

    void fit_column(const Column& column) {
        if (const OldColumn* const old = find(column.name); old == nullptr) {
            add_column(column);
        } else if (column.type == ColumnType::identity) {
            fit_identity(*old);
        } else if (const auto wider = wider_type(*old, column.type)) {
            alter(fmt::format("ALTER COLUMN {} TYPE {}", quoted_name(old->name), *wider),
                  fmt::format("widened {}.{}", table_.name, old->name));
        }
    }

    void add_column(const Column& column) {
        if (column.type == ColumnType::identity) {
            // Its default numbers the rows that are there.
            execute(fmt::format("ADD COLUMN {} bigserial", column.name));
        } else if (column.type == ColumnType::time && !column.constraint.empty()) {
            add_time(column);
        } else {
            execute(fmt::format("ADD COLUMN {} {} {}", column.name, postgres_type(column.type), column.constraint));
        }
        steps_.push_back(fmt::format("added {}.{}", table_.name, column.name));
    }

    /// A time that must be there comes from the one that the old service had under another name.
    void add_time(const Column& column) {
        execute(fmt::format("ADD COLUMN {} timestamptz", column.name));
        static constexpr std::array<std::string_view, 9> kOtherNames{
            "timestamp", "time", "minute", "bucket", "bar_time", "open_time", "date", "created_at", "inserted_at"};
        for (const std::string_view name : kOtherNames) {
            const OldColumn* const old = find(name);
            if (old == nullptr || !old->type.starts_with("timestamp")) continue;
            session_.execute(fmt::format("UPDATE {} SET {} = {}", table_.name, column.name, quoted_name(name)));
            steps_.push_back(fmt::format("filled {}.{} from {}", table_.name, column.name, name));
            mirror(column.name, *old);
            return;
        }
    }

    /// From now on either time gives the other: for keys and views that know it by the old name, and for an old service
    /// that still writes. A time without a zone is in UTC, as everything of the old service is.
    void mirror(std::string_view ours, const OldColumn& theirs) {
        mirrored_ = theirs.name;
        session_.execute(fmt::format(
            "CREATE FUNCTION {0}_fill_{1}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.{2} IS NULL THEN NEW.{2} := NEW.{3}{4}; ELSIF NEW.{3} IS NULL THEN NEW.{3} := NEW.{2}{4}; END IF; "
            "RETURN NEW; END $$",
            table_.name, theirs.name, quoted_name(theirs.name), ours,
            theirs.type == "timestamp" ? " AT TIME ZONE 'UTC'" : ""));
        session_.execute(
            fmt::format("CREATE TRIGGER {0}_fill_{1} BEFORE INSERT ON {0} FOR EACH ROW EXECUTE PROCEDURE "
                        "{0}_fill_{1}()",
                        table_.name, theirs.name));
        steps_.push_back(fmt::format("{}.{} follows {}", table_.name, theirs.name, ours));
    }

    static bool is_whole_number(const OldColumn& old) { return old.type.starts_with("int") || old.type == "numeric"; }
    static bool is_text(const OldColumn& old) {
        return old.type == "text" || old.type == "varchar" || old.type == "bpchar";
    }

    /// Gives an id that the old service made itself a default, so that rows need not bring one.
    void fit_identity(const OldColumn& old) {
        if (old.has_default) return;
        const std::string name = quoted_name(old.name);
        if (old.type == "uuid") {
            execute(fmt::format("ALTER COLUMN {} SET DEFAULT gen_random_uuid()", name));
        } else if (is_whole_number(old)) {
            const std::string sequence = fmt::format("{}_{}_seq1", table_.name, old.name);
            session_.execute(fmt::format("CREATE SEQUENCE {} OWNED BY {}.{}", sequence, table_.name, name));
            session_.execute(fmt::format("SELECT setval('{}', (SELECT coalesce(max({}), 0) + 1 FROM {}), false)",
                                         sequence, name, table_.name));
            execute(fmt::format("ALTER COLUMN {} SET DEFAULT nextval('{}')", name, sequence));
        } else {
            // A uuid must fit in.
            if (old.narrow)
                alter(fmt::format("ALTER COLUMN {} TYPE text", name),
                      fmt::format("widened {}.{}", table_.name, old.name));
            execute(fmt::format("ALTER COLUMN {} SET DEFAULT gen_random_uuid()::text", name));
        }
        steps_.push_back(fmt::format("gave {}.{} a default", table_.name, old.name));
    }

    /// Only ever to a type that holds every value of the old one.
    static std::optional<std::string> wider_type(const OldColumn& old, ColumnType wanted) {
        const std::string_view type = old.type;
        const std::string name = quoted_name(old.name);
        switch (wanted) {
            case ColumnType::text:
                if ((type == "varchar" && old.narrow) || type == "bpchar") return "text";
                return std::nullopt;
            case ColumnType::real:
                if (type == "numeric" && old.narrow) return "numeric";
                if (type == "float4" || type == "int2" || type == "int4") return "double precision";
                if (type == "int8") return "numeric";
                return std::nullopt;
            case ColumnType::integer:
                if (type == "int2" || type == "int4") return "bigint";
                return std::nullopt;
            case ColumnType::time:
                if (old.narrow && type.starts_with("timestamp"))
                    return type == "timestamp" ? "timestamp" : "timestamptz";
                return std::nullopt;
            case ColumnType::json:
                if (type == "json") return fmt::format("jsonb USING {}::jsonb", name);
                if (type.starts_with('_')) return fmt::format("jsonb USING to_jsonb({})", name);
                if (type == "text" || type == "varchar") {
                    return fmt::format(
                        "jsonb USING CASE WHEN {0} ~ '^\\s*[\\[{{]' THEN {0}::jsonb ELSE to_jsonb({0}) END", name);
                }
                return std::nullopt;
            case ColumnType::identity:
            case ColumnType::reals:
            case ColumnType::boolean: return std::nullopt;
        }
        return std::nullopt;
    }

    /// The old service may have kept its weights as one document.
    void fill_settings() {
        const OldColumn* const weights = find("weights");
        if (weights == nullptr || !weights->type.starts_with("json")) return;
        struct Source {
            std::string_view column;
            std::array<std::string_view, 2> keys;
        };
        static constexpr std::array<Source, 5> kSources{
            {{"liquidity_weight", {"liquidity_weight", "liquidity"}},
             {"momentum_weight", {"momentum_weight", "momentum"}},
             {"spread_penalty", {"spread_penalty", "spread"}},
             {"manipulation_threshold", {"manipulation_threshold", "manipulation"}},
             {"notional", {"notional", "notional_usdt"}}}};
        for (const Source& source : kSources) {
            if (find(source.column) != nullptr) continue;  // it had its own
            for (const std::string_view key : source.keys) {
                session_.execute(
                    fmt::format("UPDATE user_profiles SET {0} = (weights ->> '{1}')::float8 WHERE {0} IS NULL AND "
                                "json_typeof((weights -> '{1}')::json) = 'number'",
                                source.column, key));
            }
        }
        steps_.push_back("filled user_profiles from its weights");
    }

    /// A column that our rows do not fill must not insist on a value.
    void relax_column(const OldColumn& old) {
        if (old.has_default || old.generated || !old.not_null || old.name == mirrored_) return;
        const auto known = std::ranges::find(table_.columns, old.name, &Column::name);
        if (known != table_.columns.end()) {
            // Ours, but we may have nothing to put there (a contract without funding).
            if (known->type == ColumnType::identity || known->constraint.starts_with("NOT NULL") || old.in_key) return;
        } else if (old.in_key && (old.type == "uuid" || is_whole_number(old) || is_text(old))) {
            fit_identity(old);
            return;
        } else if (old.in_key) {
            unfillable_.insert(old.name);  // nothing can be made up for it: its key has to go first
            return;
        }
        allow_null(old.name);
    }

    void allow_null(const std::string& name) {
        alter(fmt::format("ALTER COLUMN {} DROP NOT NULL", quoted_name(name)),
              fmt::format("{}.{} may be empty now", table_.name, name));
    }

    /// A unique key that would refuse rows of ours becomes an ordinary index: one over nothing but columns that we fill
    /// and coarser than ours, one that knows our time by its old name (no statement of ours resolves a conflict there),
    /// and one that needs a column for which we have nothing.
    [[nodiscard]] bool refuses_our_rows(const OldUnique& unique) const {
        const auto has = [&](std::string_view name) { return unique.columns.contains(std::string(name)); };
        if (std::ranges::any_of(unfillable_, has)) return true;
        const bool has_foreign = std::ranges::any_of(unique.columns, [&](const std::string& name) {
            const auto known = std::ranges::find(table_.columns, name, &Column::name);
            return name != mirrored_ && (known == table_.columns.end() || known->type == ColumnType::identity);
        });
        if (has_foreign) return false;
        return (!mirrored_.empty() && has(mirrored_)) || !std::ranges::includes(unique.columns, names_in(table_.key));
    }

    void demote_uniques() {
        if (table_.key.empty()) return;
        for (const OldUnique& unique : uniques_of(session_, table_.name)) {
            if (!refuses_our_rows(unique)) continue;
            std::string step = fmt::format("{} ({}) is not unique any more", table_.name, unique.column_list);
            if (unique.constraint.empty()) {
                session_.execute(fmt::format("DROP INDEX {}", quoted_name(unique.index)));
                steps_.push_back(std::move(step));
            } else {
                alter(fmt::format("DROP CONSTRAINT {}", quoted_name(unique.constraint)), std::move(step));
            }
            session_.execute(fmt::format("CREATE INDEX {} ON {} ({})", quoted_name(unique.index + "_shared"),
                                         table_.name, unique.column_list));
        }
    }

    void add_indices() {
        if (!table_.key.empty()) {
            const std::string rows = table_.own_rows.empty() ? "" : fmt::format(" WHERE {} > 0", table_.own_rows);
            session_.execute(fmt::format("CREATE UNIQUE INDEX IF NOT EXISTS {0}_own_key ON {0} ({1}){2}", table_.name,
                                         table_.key, rows));
            // The old rows are not in that one.
            if (!rows.empty())
                session_.execute(
                    fmt::format("CREATE INDEX IF NOT EXISTS {0}_key ON {0} ({1})", table_.name, table_.key));
        }
        for (const Index& index : table_.indices)
            session_.execute(
                fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({})", index.name, table_.name, index.columns));
        if (table_.prune_by_time)
            session_.execute(fmt::format("CREATE INDEX IF NOT EXISTS {0}_ts ON {0} USING brin (ts)", table_.name));
    }

    void execute(const std::string& action) { session_.execute(fmt::format("ALTER TABLE {} {}", table_.name, action)); }

    /// A change that something of the operator's (a view over the column) may forbid. Going on without it would mean
    /// cycles that the table refuses, so a person has to decide.
    void alter(const std::string& action, std::string step) {
        try {
            execute(action);
            steps_.push_back(std::move(step));
        } catch (const SqlError& error) {
            if (error.code() == core::ErrorCode::unavailable || error.code() == core::ErrorCode::timeout) throw;
            throw SqlError(core::ErrorCode::conflict,
                           fmt::format("table {} cannot be taken over: ALTER TABLE {} {} was refused: {}; drop what "
                                       "stands in its way, run `market-scanner migrate`, and make it again",
                                       table_.name, table_.name, action, error.what()));
        }
    }

    SqlSession& session_;
    const Table& table_;
    std::vector<std::string>& steps_;
    std::vector<OldColumn> columns_;
    std::string mirrored_;              ///< the old service's name of our time column; empty where it is the same
    std::set<std::string> unfillable_;  ///< key columns for which rows of ours have nothing
};

}  // namespace

void adopt_table(SqlSession& session, const Table& table, std::vector<std::string>& steps) {
    Adoption(session, table, steps).run();
}

}  // namespace scanner::storage
