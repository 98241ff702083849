#include "api/sample.hpp"
#include "api/status/scale_metrics.hpp"

#include "scanner/alerts/alert_service.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/engine/engine_metrics.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/ranking/row_fields.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/rules/rule_fields.hpp"
#include "scanner/signals/detector_verdict.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace scanner::api {
namespace {

using testing::HasSubstr;

std::string read_docs(const std::string& name = "api.md") {
    const std::ifstream file(std::string(SCANNER_SOURCE_DIR) + "/docs/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(AlertDocs, have_every_field_flag_and_built_in_rule) {
    const std::string docs = read_docs("alerts.md");
    const std::string fields = docs + read_docs("metrics.md");  // the numbers are described there alone
    for (const rules::RuleField& field : rules::rule_fields()) {
        EXPECT_THAT(fields, HasSubstr('`' + std::string(field.name) + '`'));
    }
    for (const std::string_view flag : signals::manipulation_flag_names()) {
        EXPECT_THAT(docs, HasSubstr('`' + std::string(flag) + '`'));
    }
    for (const alerts::RuleView& rule : alerts::builtin_rules()) {
        EXPECT_THAT(docs, HasSubstr("| `" + rule.name + "` | `" + rule.expression + "` |"));
    }
}

TEST(AlertDocs, have_rules_that_can_be_saved) {
    const std::string docs = read_docs("alerts.md");
    const std::string examples = docs.substr(docs.find("## The language"));
    const std::size_t begin = examples.find("```\n") + 4;
    std::istringstream lines(examples.substr(begin, examples.find("```", begin) - begin));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        const auto rule = rules::Rule::compile(line);
        EXPECT_TRUE(rule) << line << '\n' << (rule ? "" : to_string(rule.error()));
    }
    EXPECT_GE(count, 4);
}

bool is_number_of_ours(const ranking::RowField& field) {
    return signals::find_number_field(field.group, field.name) != nullptr;  // tests/signals/docs_test.cpp
}

TEST(ApiDocs, have_a_row_on_every_member_of_rows_that_is_no_number_of_ours) {
    const std::string docs = read_docs();
    for (const ranking::RowField& field : ranking::kRowFields) {
        if (is_number_of_ours(field)) continue;
        const std::string unit = field.unit.empty() ? "" : std::string(field.unit) + ' ';
        EXPECT_THAT(docs, HasSubstr(fmt::format("\n  | `{}` | {} | {}| {} |\n", field.name, to_string(field.type), unit,
                                                field.meaning)));
    }
}

TEST(AlertDocs, have_a_row_on_every_member_of_rows_that_rules_may_name) {
    const std::string docs = read_docs("alerts.md");
    for (const ranking::RowField& row : ranking::kRowFields) {
        if (!row.in_rules || is_number_of_ours(row)) continue;
        const rules::RuleField* const field = rules::find_rule_field(row.name);
        ASSERT_NE(field, nullptr) << row.name;
        const char* const type = field->type == rules::ValueType::text      ? "text"
                                 : field->type == rules::ValueType::flags   ? "flags"
                                 : field->type == rules::ValueType::boolean ? "condition"
                                                                            : "number";
        EXPECT_THAT(docs, HasSubstr(fmt::format("\n| `{}` | {} | ", row.name, type)));
    }
}

TEST(ApiDocs, have_exactly_the_metrics_that_are_served) {
    engine::EngineMetrics counted;
    ranking::Ranking followed = test::make_ranking();
    followed.has_flow = true;
    counted.on_cycle(followed);
    counted.on_cycle_error(core::Error(core::ErrorCode::timeout, "slow"), 1.0);
    counted.on_exchange_request("tickers", 0.1, core::ErrorCode::timeout);
    Metrics metrics("1");
    metrics.add_source([&counted](core::MetricSink& sink) { counted.collect(sink); });
    const engine::ManipulationStatus detectors{
        .open = {{"scam_wick", 1}}, .episodes = {{"scam_wick", 1}}, .unknown = {{"scam_wick", 1}}};
    metrics.add_source([&detectors](core::MetricSink& sink) { engine::collect(sink, detectors); });
    const ScaleStatus scale{.role = "replica", .epoch = 1, .lag = std::chrono::milliseconds(5)};
    metrics.add_source([&scale](core::MetricSink& sink) { collect(sink, scale); });
    metrics.on_http_request("/health", 200, 0.1);
    MetricsSample sample;
    ranking::Ranking ranking = test::make_ranking();
    market::InputReading& book = edit_contract(ranking, 0).data.inputs[market::Input::order_book];
    book.state = market::InputState::live;
    book.true_at = ranking.time;
    sample.ranking = std::make_shared<const ranking::Ranking>(std::move(ranking));
    sample.health.exchange.errors = {{"timeout", 1}};
    sample.health.feed = engine::FeedHealth{.status = {.resubscriptions = {{"gap", 1}}}};
    sample.server = net::HttpServerStatistics();
    sample.streams = StreamStatistics();
    sample.stores = {{.name = "redis", .status = {}}};
    sample.history = storage::HistorySize();
    sample.alerts = alerts::AlertStatistics{.fired = {{"a rule", 1}}};
    const auto names = [](const std::string& text, const std::regex& pattern) {
        std::set<std::string> found;
        for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
            found.insert((*match)[1]);
        }
        return found;
    };
    const std::string docs = read_docs();
    const std::string table = docs.substr(docs.find("| metric | type |"));
    EXPECT_EQ(names(table.substr(0, table.find("\n\n")), std::regex("`((?:scanner|process)_[a-z_]+)")),
              names(metrics.render(sample), std::regex("# TYPE ([a-z_]+) ")));
}

}  // namespace
}  // namespace scanner::api
