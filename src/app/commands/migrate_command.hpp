#pragma once

#include "scanner/settings/settings_values.hpp"

#include <iosfwd>

namespace scanner::app {

/// Brings the schema of the database that the settings name up to date, and prints on `out` what it did. Returns the
/// exit code: 0, or 1 with the reason on `complaints` (the database is away, or its schema is newer than this program).
int run_migrate(const settings::Settings& settings, std::ostream& out, std::ostream& complaints);

}  // namespace scanner::app
