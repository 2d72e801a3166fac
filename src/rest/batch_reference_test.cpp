#include "rest/batch_reference.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/writer.hpp"
#include "rest/json_path.hpp"

namespace stoa::rest {
namespace {

const BatchAnswers kEarlier = {
    {"user", R"({"ID":"7","NAME":"A\"b","UF_DEPARTMENT":[1,2],"on":true,"none":null,"a.b":{"c":[{"d":5}]}})"},
    {"0", R"([{"ID":"10"},{"ID":"11"}])"},
    {"n", "42"},
};

std::string v2(std::string_view parameters) {
    const auto parsed = json::parse(parameters);
    if (!parsed) return "bad test";
    const auto out = resolve_references(*parsed, kEarlier);
    return out ? json::to_json(*out) : "error " + std::string(to_string(out.error().code));
}

TEST(BatchReference, takes_a_whole_value_with_its_type) {
    EXPECT_EQ(v2(R"({"id":"$result[n]"})"), R"({"id":42})");
    EXPECT_EQ(v2(R"({"id":"$result[user][UF_DEPARTMENT]"})"), R"({"id":[1,2]})");
    EXPECT_EQ(v2(R"({"id":"$result[user][UF_DEPARTMENT][1]"})"), R"({"id":2})");
    EXPECT_EQ(v2(R"({"id":"$result[0][1][ID]"})"), R"({"id":"11"})");
    EXPECT_EQ(v2(R"({"id":"$result['user'][a.b][c][0][d]"})"), R"({"id":5})");
    EXPECT_EQ(v2(R"({"id":"$result[user][none]"})"), R"({"id":null})");
}

TEST(BatchReference, writes_scalars_into_text) {
    EXPECT_EQ(v2(R"(["a $result[n] b $result[user][NAME]!"])"), R"(["a 42 b A\"b!"])");
    EXPECT_EQ(v2(R"(["x$result[user][on]"])"), R"(["x1"])");
    EXPECT_EQ(v2(R"(["x$result[user][UF_DEPARTMENT]y"])"), R"(["xy"])");
    EXPECT_EQ(v2(R"({"a":{"b":["$result[n]"]}})"), R"({"a":{"b":[42]}})");
}

TEST(BatchReference, leaves_nothing_where_nothing_is) {
    EXPECT_EQ(v2(R"(["$result[nobody]","$result[user][X]","$result[0][9][ID]","$result[n][1]"])"), R"(["","","",""])");
    EXPECT_EQ(v2(R"(["$result","$result[","$result[]","result[n]","$result[n"])"),
              R"(["$result","$result[","","result[n]","$result[n"])");
    EXPECT_EQ(v2(R"(["$result[$result[n]]"])"), R"(["]"])") << "references do not nest";
}

TEST(BatchReference, is_seen_only_where_it_is) {
    EXPECT_TRUE(has_references(*json::parse(R"({"a":[{"b":"x$result[0]"}]})")));
    EXPECT_FALSE(has_references(*json::parse(R"({"a":[{"b":"$results"}],"$result[0]":1})")));
}

TEST(BatchReference, does_not_let_a_small_batch_fill_the_memory) {
    const BatchAnswers big = {{"a", "\"" + std::string(1'000'000, 'x') + "\""}};
    json::Array four(4, json::Value("$result[a]"));
    EXPECT_TRUE(resolve_references(json::Value(four), big).ok());
    json::Array five(5, json::Value("$result[a]"));
    const auto refused = resolve_references(json::Value(five), big);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::too_large);
}

const BatchAnswers kEarlierV3 = {
    {"first", R"({"item":{"id":3,"chat":{"id":9}}})"},
    {"list", R"({"items":[{"id":1,"userId":5},{"id":2,"userId":null},{"id":3,"userId":6}]})"},
    {"2", R"({"result":true})"},
};

std::string v3(std::string_view parameters) {
    const auto parsed = json::parse(parameters);
    if (!parsed) return "bad test";
    const auto out = resolve_references_v3(*parsed, kEarlierV3);
    return out ? json::to_json(*out) : "error " + out.error().field;
}

TEST(BatchReferenceV3, takes_fields_of_a_record_with_or_without_its_wrapper) {
    EXPECT_EQ(v3(R"({"id":{"$ref":"first.id"}})"), R"({"id":3})");
    EXPECT_EQ(v3(R"({"id":{"$ref":"first.item.chat.id"}})"), R"({"id":9})");
    EXPECT_EQ(v3(R"({"id":{"$ref":"0.id"}})"), R"({"id":3})") << "by position";
    EXPECT_EQ(v3(R"({"id":{"$ref":"list.0.userId"}})"), R"({"id":5})");
    EXPECT_EQ(v3(R"({"all":{"$ref":"2"}})"), R"({"all":{"result":true}})");
}

TEST(BatchReferenceV3, takes_a_column_of_a_list) {
    EXPECT_EQ(v3(R"({"filter":[["id","in",{"$refArray":"list.id"}]]})"), R"({"filter":[["id","in",[1,2,3]]]})");
    EXPECT_EQ(v3(R"({"u":{"$refArray":"list.items.userId"}})"), R"({"u":[5,6]})");
    EXPECT_EQ(v3(R"({"in":[3,{"$ref":"first.id"}]})"), R"({"in":[3,3]})");
}

TEST(BatchReferenceV3, refuses_references_to_nothing) {
    EXPECT_EQ(v3(R"({"id":{"$ref":"nobody.id"}})"), "error nobody.id");
    EXPECT_EQ(v3(R"({"id":{"$ref":"first.none"}})"), "error first.none");
    EXPECT_EQ(v3(R"({"id":{"$ref":5}})"), "error $ref");
    EXPECT_EQ(v3(R"({"id":{"$refArray":"list"}})"), "error list");
    EXPECT_EQ(v3(R"({"id":{"$ref":"first.id","x":1}})"), R"({"id":{"$ref":"first.id","x":1}})");
}

TEST(JsonPath, finds_values_in_text_and_survives_what_is_no_json) {
    const std::vector<std::string> path{"k\"y", "1"};
    EXPECT_EQ(find_in_json(R"( {"a":"]}\"","k\"y":[1, {"b":2} ]})", path).value_or("-"), R"({"b":2})");
    EXPECT_EQ(find_in_json("[1,2]", {}).value_or("-"), "[1,2]");
    const std::vector<std::string> one{"a"};
    for (const char* text : {"", "{", "[", "{\"a", "{\"a\"", "{\"a\":", "[[[[", "{\"a\":\"", "]", "nul"}) {
        EXPECT_FALSE(find_in_json(text, one).has_value()) << text;
    }
    EXPECT_EQ(json_items("[1,\"a,b\",{}]", 10).size(), 3u);
    EXPECT_EQ(json_items("[1,2,3]", 2).size(), 2u);
    EXPECT_TRUE(json_items("5", 2).empty());
}

}  // namespace
}  // namespace stoa::rest
