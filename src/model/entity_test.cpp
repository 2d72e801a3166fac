#include "model/entity_json.hpp"

#include <gtest/gtest.h>

#include "model/registry.hpp"

namespace stoa::model {
namespace {

TEST(EntityTest, names_follow_from_the_classic_name) {
    EXPECT_EQ(camel_case("ASSIGNED_BY_ID"), "assignedById");
    EXPECT_EQ(camel_case("PARENT_ID_128"), "parentId128");
    const auto entity = parse_entity(
        R"({"name":"a","table":"t","fields":[{"name":"ID","type":"id"},{"name":"DATE_CREATE","item":"createdTime"}]})");
    ASSERT_TRUE(entity.ok());
    EXPECT_EQ(entity->find("date_create")->column, "date_create");
    EXPECT_EQ(entity->find_item_name("createdTime"), entity->find("DATE_CREATE"));
    EXPECT_EQ(entity->find_v3_name("createdTime"), nullptr) << "no v3 block, no v3 names";
    EXPECT_EQ(entity->all_columns_sql(), "`id`, `date_create`");
}

TEST(EntityTest, mistakes_in_entity_data_name_their_place) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"table":"t"})", "name"},
        {R"({"name":"a","table":"t","fields":[]})", "fields"},
        {R"({"name":"a","table":"t","fields":[{"name":"X"}]})", "first field"},
        {R"({"name":"a","table":"t","fields":[{"name":"ID","type":"id"},{"name":"X","type":"strnig"}]})", "strnig"},
        {R"({"name":"a","table":"t","fields":[{"name":"ID","type":"id","requird":true}]})", "requird"},
        {R"({"name":"a","table":"t","indexes":[["NO"]],"fields":[{"name":"ID","type":"id"}]})", "index"},
        {R"({"name":"a","table":"t","owner":"NO","fields":[{"name":"ID","type":"id"}]})", "owner"},
        {R"({"name":"a","table":"t","fields":[{"name":"ID","type":"id"},{"name":"L","type":"links"}]})", "link_table"},
    };
    for (const auto& [json, word] : cases) {
        const auto entity = parse_entity(json);
        ASSERT_FALSE(entity.ok()) << json;
        EXPECT_NE(entity.error().message.find(word), std::string::npos) << entity.error().message;
    }
}

TEST(EntityTest, a_registry_refuses_the_same_name_twice_and_joins_entities_of_one_table) {
    Registry registry;
    const char* a = R"({"name":"a","table":"t","fields":[{"name":"ID","type":"id"},{"name":"X"}]})";
    const char* b = R"({"name":"b","table":"t","fields":[{"name":"ID","type":"id"},{"name":"Y","type":"integer"}]})";
    ASSERT_TRUE(registry.add(a).ok());
    EXPECT_FALSE(registry.add(a).ok());
    ASSERT_TRUE(registry.add(b).ok());
    for (const db::TableDef& table : registry.tables()) {
        if (table.name == "t") {
            EXPECT_EQ(table.columns.size(), 3u);
        }
    }
}

}  // namespace
}  // namespace stoa::model
