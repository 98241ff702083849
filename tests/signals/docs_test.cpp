#include "scanner/core/numeric.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/numbers.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

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

using Cells = std::vector<std::string>;

/// "| a | b |" as {"a", "b"}; empty for a line that is no row.
Cells cells_of(const std::string& line) {
    Cells cells;
    if (!line.starts_with("| ")) return cells;
    for (std::size_t begin = 2; begin < line.size();) {
        const std::size_t end = std::min(line.find(" |", begin), line.size());
        cells.push_back(line.substr(begin, end - begin));
        begin = end + 3;
    }
    return cells;
}

/// What the row of a number says: the cells by the heads of their columns.
struct Paragraph {
    Cells heads;
    Cells cells;
    [[nodiscard]] bool has(std::string_view head) const { return std::ranges::find(heads, head) != heads.end(); }
    [[nodiscard]] std::string cell(std::string_view head) const {
        const auto found = std::ranges::find(heads, head);
        const auto place = static_cast<std::size_t>(found - heads.begin());
        return place < cells.size() ? cells[place] : std::string();
    }
};

/// The row of a table of fields that begins with the number's name.
Paragraph paragraph_on(const std::string& document, std::string_view name) {
    std::istringstream lines(document);
    Cells heads;
    for (std::string line, before; std::getline(lines, line); before = line) {
        if (line.starts_with("|---")) heads = cells_of(before);
        const Cells cells = cells_of(line);
        const bool of_fields = !heads.empty() && heads.front() == "field";
        if (of_fields && !cells.empty() && cells.front().contains('`' + std::string(name) + '`')) return {heads, cells};
    }
    return {};
}

TEST(MetricsDocument, has_a_paragraph_on_every_number_with_its_unit_and_source) {
    const std::string document = documentation();
    for (const NumberField& field : kNumbers) {
        if (field.group == FieldGroup::features) {
            EXPECT_NE(document.find('`' + std::string(field.name) + '`'), std::string::npos) << field.name;
            continue;
        }
        const Paragraph paragraph = paragraph_on(document, field.name);
        ASSERT_FALSE(paragraph.cells.empty()) << "docs/metrics.md has no row on " << field.name;
        EXPECT_FALSE(paragraph.cell("definition").empty() && paragraph.cell("input").empty()) << field.name;
        if (paragraph.has("unit")) {
            EXPECT_TRUE(paragraph.cell("unit").starts_with(field.unit))
                << field.name << " is in " << field.unit << ", docs/metrics.md says " << paragraph.cell("unit");
        }
        if (paragraph.has("source")) {
            EXPECT_EQ(paragraph.cell("source"), field.source) << field.name;
        }
    }
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
