#include "access/policy.hpp"

#include <gtest/gtest.h>

#include "model/entity_json.hpp"

namespace stoa::access {
namespace {

using model::Operation;
using Kind = db::Condition::Kind;

class PolicyTest : public ::testing::Test {
  protected:
    PolicyTest() {
        add(R"({"name":"task","table":"tasks","access":"tasks.task","owner":"WHO","members":["HELPERS"],"fields":[
            {"name":"ID","type":"id"},{"name":"WHO","type":"user"},
            {"name":"HELPERS","type":"links","target":"user","link_table":"helpers"}]})");
        add(R"({"name":"note","table":"notes","access":"tasks.checklistitem","parent":{"entity":"task","field":"TASK_ID"},
            "fields":[{"name":"ID","type":"id"},{"name":"TASK_ID","type":"reference","target":"task"}]})");
        add(R"({"name":"grant","table":"grants","fields":[{"name":"ID","type":"id"},{"name":"OBJECT_ID","type":"integer"},
            {"name":"ACCESS_CODE"},{"name":"LEVEL","type":"integer"}]})");
        add(R"({"name":"paper","table":"papers","access":"no.such.section","grants":{"entity":"grant","path":"WAY"},
            "fields":[{"name":"ID","type":"id"},{"name":"WAY","type":"links","target":"paper","link_table":"ways"}]})");
        add(R"({"name":"dark","table":"dark","fields":[{"name":"ID","type":"id"}]})");
        add(R"({"name":"odd","table":"odd","access":"no.such.section","fields":[{"name":"ID","type":"id"}]})");
    }
    void add(std::string_view json) {
        const Status added = registry_.add(json);
        ASSERT_TRUE(added.ok()) << added.error().message;
    }
    static model::Actor user(model::Role role) {
        model::Actor actor;
        actor.account = 1;
        actor.user = 7;
        actor.role = role;
        actor.department_members = {8, 9};
        return actor;
    }
    Kind kind(const model::Actor& actor, const char* entity, Operation operation) const {
        return policy_.rows(actor, registry_.entity(entity), operation).kind;
    }

    model::Registry registry_;
    RolePolicy policy_{registry_};
};

TEST_F(PolicyTest, what_no_rule_names_is_nobodys) {
    for (const model::Role role : {model::Role::none, model::Role::extranet, model::Role::employee}) {
        EXPECT_EQ(kind(user(role), "odd", Operation::read), Kind::never);
    }
    EXPECT_EQ(kind(user(model::Role::admin), "dark", Operation::read), Kind::never)
        << "an entity without a section has no readers, administrators included";
    EXPECT_EQ(kind(user(model::Role::none), "task", Operation::read), Kind::never);
}

TEST_F(PolicyTest, a_caller_without_a_user_gets_nothing_unless_it_is_the_program) {
    model::Actor nobody = user(model::Role::admin);
    nobody.user = 0;
    EXPECT_EQ(kind(nobody, "task", Operation::read), Kind::never);
    EXPECT_EQ(kind(model::Actor::make_system(1), "dark", Operation::update), Kind::always);
}

TEST_F(PolicyTest, an_employee_reads_tasks_of_the_department_and_removes_own_ones) {
    const auto rows = policy_.rows(user(model::Role::employee), registry_.entity("task"), Operation::read);
    ASSERT_EQ(rows.kind, Kind::any);
    ASSERT_EQ(rows.children.size(), 2u);
    EXPECT_EQ(rows.children[0].values.size(), 3u) << "the user and two colleagues";
    const auto own = policy_.rows(user(model::Role::employee), registry_.entity("task"), Operation::remove);
    EXPECT_EQ(own.children[0].values.size(), 1u);
}

TEST_F(PolicyTest, a_child_is_reachable_only_where_its_parent_is) {
    const auto rows = policy_.rows(user(model::Role::extranet), registry_.entity("note"), Operation::read);
    EXPECT_EQ(rows.kind, Kind::exists);
    EXPECT_EQ(rows.table, "tasks");
    EXPECT_EQ(kind(user(model::Role::extranet), "note", Operation::add), Kind::never);
    EXPECT_EQ(kind(user(model::Role::admin), "note", Operation::read), Kind::always);
}

TEST_F(PolicyTest, grants_reach_employees_their_departments_and_those_below) {
    const auto codes = [&](model::Role role) {
        model::Actor actor = user(role);
        actor.departments = {5};
        actor.departments_above = {2, 1};
        const auto rows = policy_.rows(actor, registry_.entity("paper"), Operation::read);
        std::string out;
        for (const db::Value& code : rows.children.at(0).children.at(0).children.at(0).values)
            out += std::get<std::string>(code) + " ";
        return out;
    };
    EXPECT_EQ(codes(model::Role::employee), "* U7 D5 DR5 DR2 DR1 UA ");
    EXPECT_EQ(codes(model::Role::extranet), "* U7 D5 DR5 DR2 DR1 ");
}

}  // namespace
}  // namespace stoa::access
