// user.* and department.* on a real store.

#include "api/testing/portal_fixture.hpp"
#include "json/writer.hpp"
#include "modules/people/module.hpp"
#include "modules/people/user_hooks.hpp"
#include "modules/people/users.hpp"

namespace stoa::people {
namespace {

class PeopleTest : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open([](model::Registry& all) { return register_entities(all); }, add_methods);
        write([](model::Records& records) -> Status {
            model::Changes top(records.services().registry.entity("department"));
            top.set("NAME", std::string("Company"));
            STOA_TRY(const RecordId department, records.add(std::move(top)));
            NewUser admin;
            admin.email = "ada@example.org";
            admin.name = "Ada";
            admin.last_name = "Lovelace";
            admin.role = "admin";
            admin.departments = {department};
            STOA_TRY(const UserId id, add_user(records, admin));
            EXPECT_EQ(id, 1);
            return {};
        });
    }
    std::string add(const std::string& email, const std::string& more = R"(,"UF_DEPARTMENT":[1])") {
        return json::to_json(call("user.add", R"({"EMAIL":")" + email + "\"" + more + "}"));
    }
    /// Ids of a page, in its order.
    std::string ids(const std::string& method, const std::string& parameters) {
        std::string out;
        const json::Value page = call(method, parameters);
        for (const json::Value* user : page.items()) {
            out += (out.empty() ? "" : ",") + user->find("ID")->string();
        }
        return out;
    }
    void become(UserId user, model::Role role) {
        actor.user = user;
        actor.role = role;
    }
};

TEST_F(PeopleTest, a_user_is_shown_in_the_documented_shape) {
    const json::Value user = call("user.current", "{}");
    EXPECT_EQ(user.find("ID")->string(), "1");
    EXPECT_TRUE(user.find("ACTIVE")->boolean());
    EXPECT_EQ(user.find("NAME")->string(), "Ada");
    EXPECT_EQ(json::to_json(*user.find("UF_DEPARTMENT")), "[1]");
    EXPECT_EQ(user.find("IS_ONLINE")->string(), "N");
    EXPECT_EQ(user.find("LAST_LOGIN")->string(), "");
    EXPECT_EQ(user.find("USER_TYPE")->string(), "employee");
    EXPECT_EQ(user.find("ROLE"), nullptr);
    EXPECT_EQ(user.find("LANGUAGE_ID"), nullptr);
}

TEST_F(PeopleTest, user_add_needs_an_email_and_a_department) {
    EXPECT_EQ(error_of("user.add", R"({"NAME":"X","UF_DEPARTMENT":[1]})").message, "wrong_email");
    EXPECT_EQ(error_of("user.add", R"({"EMAIL":"nonsense","UF_DEPARTMENT":[1]})").api_code, "ERROR_ARGUMENT");
    EXPECT_EQ(error_of("user.add", R"({"EMAIL":"b@example.org"})").message, "no_extranet_field");
    EXPECT_EQ(error_of("user.add", R"({"EMAIL":"b@example.org","UF_DEPARTMENT":[9]})").field, "UF_DEPARTMENT");
    EXPECT_EQ(add("b@example.org"), "2");
    EXPECT_EQ(add("c@example.org", R"(,"EXTRANET":"Y")"), "3");
    EXPECT_EQ(ids("user.get", R"({"FILTER":{"USER_TYPE":"extranet"}})"), "3");
    EXPECT_EQ(events(), (std::vector<std::string>{"ONUSERADD", "ONUSERADD", "ONUSERADD"}));
}

TEST_F(PeopleTest, only_administrators_invite_and_change_others) {
    add("b@example.org");
    become(2, model::Role::employee);
    EXPECT_EQ(error_of("user.add", R"({"EMAIL":"c@example.org","UF_DEPARTMENT":[1]})").message, "access_denied");
    EXPECT_EQ(error_of("user.update", R"({"ID":1,"NAME":"X"})").message, "access_denied");
    EXPECT_EQ(error_of("user.update", R"({"ID":2,"ACTIVE":"N"})").message, "access_denied");
    EXPECT_TRUE(call("user.update", R"({"ID":2,"NAME":"Bob","ROLE":"admin"})").boolean());
    become(1, model::Role::admin);
    EXPECT_EQ(call("user.get", R"({"ID":2})").items()[0]->find("NAME")->string(), "Bob");
    read([](model::Records& records) -> Status {
        const auto bob = records.get(records.services().registry.entity("user"), 2);
        EXPECT_EQ(bob->text("ROLE"), "employee");
        return {};
    });
}

TEST_F(PeopleTest, the_last_administrator_cannot_be_dismissed) {
    EXPECT_EQ(error_of("user.update", R"({"ID":1,"ACTIVE":false})").code, Errc::conflict);
    EXPECT_TRUE(call("user.current", "{}").find("ACTIVE")->boolean());
}

TEST_F(PeopleTest, user_get_filters_by_parameter_and_by_filter) {
    add("b@example.org", R"(,"UF_DEPARTMENT":[1],"NAME":"Bob","LAST_NAME":"Stone","WORK_POSITION":"Seller")");
    add("c@example.org", R"(,"UF_DEPARTMENT":[1],"NAME":"Cy","LAST_NAME":"Adams")");
    call("user.update", R"({"ID":3,"ACTIVE":"N"})");
    EXPECT_EQ(ids("user.get", "{}"), "1,2,3");
    EXPECT_EQ(last_total, 3);
    EXPECT_EQ(ids("user.get", R"({"FILTER":{"ACTIVE":true}})"), "1,2");
    EXPECT_EQ(ids("user.get", R"({"ACTIVE":"N"})"), "3");
    EXPECT_EQ(ids("user.get", R"({"filter":{">ID":1}})"), "2,3");
    EXPECT_EQ(ids("user.get", R"({"ID":[1,3]})"), "1,3");
    EXPECT_EQ(ids("user.get", R"({"UF_DEPARTMENT":1,"sort":"LAST_NAME","order":"ASC"})"), "3,1,2");
    EXPECT_EQ(ids("user.get", R"({"FILTER":{"NAME_SEARCH":"sto bo"}})"), "2");
    EXPECT_EQ(ids("user.get", R"({"FILTER":{"nonsense":1}})"), "1,2,3");
    EXPECT_EQ(ids("user.get", R"({"start":-1})"), "1,2,3");
    EXPECT_EQ(last_total, -1);
}

TEST_F(PeopleTest, user_search_finds_by_the_beginning_of_words) {
    add("b@example.org", R"(,"UF_DEPARTMENT":[1],"NAME":"Bob","WORK_POSITION":"Seller")");
    EXPECT_EQ(ids("user.search", R"({"FILTER":{"FIND":"sel"}})"), "2");
    EXPECT_EQ(ids("user.search", R"({"NAME":"Bo%"})"), "2");
    EXPECT_EQ(ids("user.search", R"({"FILTER":{"UF_DEPARTMENT_NAME":"comp"}})"), "1,2");
    EXPECT_EQ(ids("user.search", R"({"FILTER":{"FIND":"company"}})"), "1,2");
    EXPECT_EQ(ids("user.search", R"({"FILTER":{"FIND":"%"}})"), "");
}

TEST_F(PeopleTest, select_narrows_the_fields) {
    const json::Value user = *call("user.get", R"({"select":["ID","NAME"]})").items()[0];
    EXPECT_EQ(json::to_json(user), R"({"ID":"1","NAME":"Ada"})");
}

TEST_F(PeopleTest, pages_have_fifty_users) {
    for (int i = 0; i < 55; ++i)
        add("u" + std::to_string(i) + "@example.org");
    EXPECT_EQ(call("user.get", "{}").items().size(), 50u);
    EXPECT_EQ(last_total, 56);
    EXPECT_EQ(last_next, 50);
    EXPECT_EQ(call("user.get", R"({"start":50})").items().size(), 6u);
    EXPECT_EQ(last_next, -1);
}

TEST_F(PeopleTest, departments_form_one_tree) {
    EXPECT_EQ(call("department.add", R"({"NAME":"Sales","PARENT":1,"SORT":200})").integer(), 2);
    EXPECT_EQ(error_of("department.add", R"({"NAME":"Second top"})").api_code, "ERROR_CORE");
    EXPECT_EQ(error_of("department.add", R"({"PARENT":1})").api_code, "ERROR_CORE");
    EXPECT_EQ(error_of("department.update", R"({"ID":1,"PARENT":2})").api_code, "ERROR_CORE");
    EXPECT_EQ(error_of("department.update", R"({"ID":2,"PARENT":2})").api_code, "ERROR_CORE");
    EXPECT_EQ(json::to_json(call("department.get", R"({"ID":2})")),
              R"([{"ID":"2","NAME":"Sales","SORT":200,"PARENT":"1"}])");
    EXPECT_EQ(last_total, 1);
    EXPECT_EQ(ids("department.get", R"({"sort":"NAME","order":"DESC"})"), "2,1");
    EXPECT_EQ(ids("department.get", R"({"PARENT":1})"), "2");
}

TEST_F(PeopleTest, removing_a_department_moves_people_and_departments_up) {
    call("department.add", R"({"NAME":"Sales","PARENT":1})");
    call("department.add", R"({"NAME":"North","PARENT":2})");
    add("b@example.org", R"(,"UF_DEPARTMENT":[2])");
    EXPECT_EQ(error_of("department.delete", R"({"ID":1})").api_code, "ERROR_CORE");
    EXPECT_TRUE(call("department.delete", R"({"ID":2})").boolean());
    EXPECT_EQ(ids("department.get", R"({"PARENT":1})"), "3");
    EXPECT_EQ(ids("user.get", R"({"UF_DEPARTMENT":1})"), "1,2");
    EXPECT_EQ(error_of("department.delete", R"({"ID":2})").message, "Department not found");
}

TEST_F(PeopleTest, employees_read_the_structure_and_do_not_change_it) {
    add("b@example.org");
    become(2, model::Role::employee);
    EXPECT_EQ(ids("department.get", "{}"), "1");
    EXPECT_EQ(error_of("department.add", R"({"NAME":"X","PARENT":1})").message, "Access denied");
}

TEST_F(PeopleTest, a_photo_is_sent_as_a_file_and_shown_as_an_address) {
    EXPECT_EQ(add("bob@example.org", R"(,"UF_DEPARTMENT":[1],"PERSONAL_PHOTO":["me.png","eA=="])"), "2");
    const auto photo = [&] {
        const json::Value page = call("user.get", R"({"ID":2})");
        const json::Value* shown = page.array().at(0).find("PERSONAL_PHOTO");
        return shown ? shown->string() : std::string();
    };
    const std::string first = photo();
    EXPECT_TRUE(first.starts_with("https://127.0.0.1/rest/download.json?token=")) << first;
    become(2, model::Role::employee);
    call("user.update", R"({"ID":2,"PERSONAL_PHOTO":{"fileData":["new.png","eQ=="]}})");
    EXPECT_NE(photo(), first);
    call("user.update", R"({"ID":2,"PERSONAL_PHOTO":""})");
    EXPECT_EQ(photo(), "");
    EXPECT_EQ(error_of("user.update", R"({"ID":2,"PERSONAL_PHOTO":1})").code, Errc::invalid_argument);
}

TEST_F(PeopleTest, the_structure_is_there_in_the_third_version) {
    const json::Value node =
        call("humanresources.node.get", R"({"id":1,"select":["id","name","type","accessCode"]})", api::Wire::v3);
    EXPECT_EQ(json::to_json(node), R"({"item":{"id":1,"name":"Company","type":"DEPARTMENT","accessCode":"DR1"}})");
}

TEST_F(PeopleTest, mail_addresses_have_two_parts) {
    EXPECT_TRUE(is_email("a@b"));
    EXPECT_TRUE(is_email("first.last+tag@host.example"));
    for (const char* wrong : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "<a@b>"})
        EXPECT_FALSE(is_email(wrong)) << wrong;
}

}  // namespace
}  // namespace stoa::people
