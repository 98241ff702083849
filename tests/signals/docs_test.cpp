#include "scanner/core/numeric.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace scanner::signals {
namespace {

std::string documentation() {
    std::ifstream file(SCANNER_SOURCE_DIR "/docs/metrics.md");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A weight as the table prints it: at least one decimal.
std::string printed(double value) {
    std::string text = core::format_double(value);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

TEST(MetricsDocument, has_the_weights_of_the_profiles) {
    const std::string document = documentation();
    for (const WeightField& field : weight_fields()) {
        std::string row = "| `" + std::string(field.name) + "` |";
        for (const Profile& profile : builtin_profiles()) row += " " + printed(profile.weights.*field.member) + " |";
        EXPECT_NE(document.find("\n" + row + "\n"), std::string::npos) << "docs/metrics.md lacks: " << row;
    }
}

TEST(MetricsDocument, has_every_flag_with_its_severity) {
    const std::string document = documentation();
    for (const FlagInfo& flag : manipulation_flags()) {
        const auto row = document.find("\n| `" + std::string(flag.name) + "` |");
        ASSERT_NE(row, std::string::npos) << flag.name;
        const std::string line = document.substr(row + 1, document.find('\n', row + 1) - row - 1);
        EXPECT_TRUE(line.ends_with("| " + core::format_double(flag.severity) + " |")) << line;
    }
}

TEST(MetricsDocument, has_every_term_and_component) {
    const std::string document = documentation();
    for (const std::string_view term : manipulation_terms()) {
        EXPECT_NE(document.find("\n| `" + std::string(term) + "` |"), std::string::npos) << term;
    }
    for (const ComponentField& field : component_fields()) {
        EXPECT_NE(document.find("`" + std::string(field.name) + "`"), std::string::npos) << field.name;
    }
}

}  // namespace
}  // namespace scanner::signals
