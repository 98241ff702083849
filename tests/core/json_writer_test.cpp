#include "scanner/core/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace scanner::core {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonString, escapes_what_acts_on_a_reader_though_json_would_let_it_through) {
    EXPECT_EQ(quoted("A\u009B31m\u202EB\u2066\x7F"), R"("A\u009b31m\u202eB\u2066\u007f")");
    EXPECT_EQ(quoted("\U000E0041x"), R"("\udb40\udc41x")");
    EXPECT_EQ(quoted("哈基米 – 🚀"), "\"哈基米 – 🚀\"");
}

TEST(JsonWriter, puts_commas_where_they_belong) {
    JsonWriter json;
    json.begin_object().field("a", 1).field("b", "two").key("c").begin_array().value(1.5).value(true).null();
    json.begin_object().end_object().begin_array().end_array().begin_object().field("x", 0).end_object().end_array();
    json.field("d", false).end_object();
    EXPECT_EQ(json.view(), R"({"a":1,"b":"two","c":[1.5,true,null,{},[],{"x":0}],"d":false})");
}

TEST(JsonWriter, writes_every_kind_of_value) {
    JsonWriter json;
    const std::string text = "s";
    json.begin_array()
        .value(std::numeric_limits<std::int64_t>::min())
        .value(std::numeric_limits<std::uint64_t>::max())
        .value(std::int8_t{-5})
        .value(7U)
        .value(1'000'000'000'000'000'001)
        .value(0.1)
        .value(1e-9)
        .value(true)
        .value(text)
        .value(std::string_view("v"))
        .value("c")
        .value(nullptr)
        .raw(R"({"r":1})")
        .end_array();
    EXPECT_EQ(
        json.view(),
        R"([-9223372036854775808,18446744073709551615,-5,7,1000000000000000001,0.1,1e-09,true,"s","v","c",null,{"r":1}])");
}

TEST(JsonWriter, writes_what_is_missing_as_null) {
    JsonWriter json;
    json.begin_object()
        .field("none", std::optional<double>())
        .field("some", std::optional<double>(2.5))
        .field("text", std::optional<std::string>("x"))
        .field("no_text", std::optional<std::string>())
        .end_object();
    EXPECT_EQ(json.view(), R"({"none":null,"some":2.5,"text":"x","no_text":null})");
}

TEST(JsonWriter, starts_afresh_after_take) {
    JsonWriter json(64);
    json.begin_array().value(1).end_array();
    EXPECT_EQ(std::move(json).take(), "[1]");
    json.begin_array().value(2).end_array();  // NOLINT(bugprone-use-after-move): take() leaves it empty, by contract
    EXPECT_EQ(json.take(), "[2]");
    EXPECT_EQ(json.size(), 0U);
}

TEST(JsonWriter, escapes_keys_as_well) {
    JsonWriter json;
    json.begin_object().field("a\"b\n", 1).end_object();
    EXPECT_EQ(json.view(), R"({"a\"b\n":1})");
}

TEST(JsonString, escapes_what_json_requires) {
    EXPECT_EQ(quoted(""), R"("")");
    EXPECT_EQ(quoted(R"(a"b\c)"), R"("a\"b\\c")");
    EXPECT_EQ(quoted("\b\f\n\r\t"), R"("\b\f\n\r\t")");
    EXPECT_EQ(quoted(std::string_view("\0\x01\x1F", 3)), R"("\u0000\u0001\u001f")");
    EXPECT_EQ(quoted("/"), "\"/\"");
}

TEST(JsonString, keeps_utf_8) {
    EXPECT_EQ(quoted("龙虾 é 🦞"), "\"龙虾 é 🦞\"");
    EXPECT_EQ(quoted("\xF4\x8F\xBF\xBD"), "\"\xF4\x8F\xBF\xBD\"");  // U+10FFFD
}

TEST(JsonString, replaces_what_is_not_utf_8) {
    EXPECT_EQ(quoted("a\xFF"
                     "b"),
              "\"a\uFFFDb\"");
    EXPECT_EQ(quoted("\xC3"), "\"\uFFFD\"") << "cut short";
    EXPECT_EQ(quoted("\xE9\xBE"), "\"\uFFFD\uFFFD\"");
    EXPECT_EQ(quoted("\xC0\xAF"), "\"\uFFFD\uFFFD\"") << "overlong";
    EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"") << "a surrogate";
    EXPECT_EQ(quoted("\xF4\x90\x80\x80"), "\"\uFFFD\uFFFD\uFFFD\uFFFD\"") << "above U+10FFFF";
    EXPECT_EQ(quoted("\xE9\x22"), "\"\uFFFD\\\"\"") << "the quote after a broken character is still escaped";
}

TEST(JsonNumber, is_null_and_a_debug_assertion_when_not_finite) {
    for (const double value : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        std::string out;
        EXPECT_DEBUG_DEATH(append_json_number(out, value), "non-finite");
#ifdef NDEBUG
        EXPECT_EQ(out, "null");
#endif
    }
}

TEST(JsonWriter, notices_unbalanced_nesting_in_debug_builds) {
    EXPECT_DEBUG_DEATH(
        {
            JsonWriter json;
            json.end_object();
        },
        "begin_");
    EXPECT_DEBUG_DEATH(
        {
            JsonWriter json;
            json.begin_object();
            static_cast<void>(json.take());
        },
        "end_");
}

}  // namespace
}  // namespace scanner::core
