#include "app/commands/migrate_command.hpp"

#include "app/commands/command_line.hpp"

#include "scanner/core/url.hpp"
#include "scanner/storage/migration.hpp"

#include <fmt/format.h>

#include <ostream>

namespace scanner::app {

int run_migrate(const settings::Settings& settings, std::ostream& out, std::ostream& complaints) {
    const std::string database = settings.postgres_url ? core::mask_url(*settings.postgres_url)
                                                       : fmt::format("{}/scanner.db", settings.data_dir);
    const auto report = settings.postgres_url ? storage::migrate_postgres(*settings.postgres_url)
                                              : storage::migrate_sqlite(settings.data_dir);
    if (!report) {
        complaints << "market-scanner: " << database << ": " << report.error().message() << '\n';
        return kExitFailure;
    }
    if (report->from_version == report->to_version) {
        out << fmt::format("{}: schema version {}, up to date\n", database, report->to_version);
    } else {
        out << fmt::format("{}: schema version {} -> {}\n", database, report->from_version, report->to_version);
    }
    for (const std::string& step : report->steps) out << "  " << step << '\n';
    out.flush();
    return kExitOk;
}

}  // namespace scanner::app
