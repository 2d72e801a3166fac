// Task methods on a real store, with users as plain rows (the people module is not needed for them).

#include "api/testing/portal_fixture.hpp"
#include "json/writer.hpp"
#include "modules/tasks/module.hpp"
#include "modules/tasks/testing/user_entity.hpp"

namespace stoa::tasks {
namespace {

/// The drive is another module: here its files are plain rows of their owner.
constexpr const char* kDrive[] = {
    R"({"name": "disk.object", "table": "disk_objects", "access": "personal", "owner": "CREATED_BY",
        "fields": [{"name": "ID", "type": "id"}, {"name": "TYPE"}, {"name": "DELETED_TYPE", "type": "integer"},
                   {"name": "CREATED_BY", "type": "user", "default": "@user"}]})",
    R"({"name": "disk.attached_object", "table": "disk_attached_objects",
        "fields": [{"name": "ID", "type": "id"}, {"name": "OBJECT_ID", "type": "integer"}, {"name": "MODULE_ID"},
                   {"name": "ENTITY_TYPE"}, {"name": "ENTITY_ID", "type": "integer"}]})"};

class TasksTest : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [](model::Registry& all) -> Status {
                STOA_CHECK(all.add(testing::kUserEntity));
                for (const char* entity : kDrive)
                    STOA_CHECK(all.add(entity));
                return register_entities(all);
            },
            add_methods);
        for (const char* name : {"Ada", "Bob", "Cy"}) {
            write([&](model::Records& records) -> Status {
                model::Changes changes(records.services().registry.entity("user"));
                changes.set("NAME", std::string(name));
                STOA_TRY(const RecordId id, records.add(std::move(changes)));
                (void)id;
                return {};
            });
        }
    }

    std::string add(std::string_view more = "") {
        const json::Value added =
            call("tasks.task.add", R"({"fields":{"TITLE":"T","RESPONSIBLE_ID":2)" + std::string(more) + "}}");
        return added.find("task")->find("id")->string();
    }
    json::Value task(std::string_view id) {
        const json::Value got = call("tasks.task.get", R"({"taskId":)" + std::string(id) + "}");
        return *got.find("task");
    }
    std::vector<std::string> list(std::string_view parameters) {
        const json::Value answer = call("tasks.task.list", parameters);
        std::vector<std::string> ids;
        for (const json::Value* row : answer.find("tasks")->items())
            ids.push_back(row->find("id")->string());
        return ids;
    }
    using Ids = std::vector<std::string>;
};

TEST_F(TasksTest, a_task_answers_in_camel_case_with_cards_of_its_people) {
    EXPECT_EQ(add(), "1");
    const json::Value got = task("1");
    EXPECT_EQ(got.find("responsibleId")->string(), "2");
    EXPECT_EQ(got.find("createdBy")->string(), "1");
    EXPECT_EQ(got.find("status")->string(), "2");
    EXPECT_EQ(got.find("creator")->find("name")->string(), "Ada");
    EXPECT_EQ(json::to_json(*got.find("group")), "[]");
    EXPECT_TRUE(got.find("action")->find("complete")->boolean());
    EXPECT_EQ(got.find("guid")->string().size(), 38u);
}

TEST_F(TasksTest, a_missing_task_is_an_empty_list_and_a_bad_id_an_error) {
    EXPECT_EQ(json::to_json(call("tasks.task.get", R"({"taskId":9})")), "[]");
    EXPECT_EQ(error_of("tasks.task.get", R"({"taskId":-1})").api_code, "0");
    EXPECT_EQ(error_of("tasks.task.get", "{}").api_code, "100");
    EXPECT_EQ(error_of("tasks.task.delete", R"({"taskId":9})").api_code, "1048582");
}

TEST_F(TasksTest, older_clients_may_say_id_and_upper_case) {
    add();
    const json::Value got = call("tasks.task.get", R"({"id":1,"select":["ID","TITLE"]})");
    EXPECT_EQ(got.find("task")->find("title")->string(), "T");
    EXPECT_EQ(got.find("task")->find("status"), nullptr);
    EXPECT_EQ(got.find("task")->find("creator"), nullptr);
    EXPECT_EQ(json::to_json(call("tasks.task.list", R"({"select":["id"]})")), R"({"tasks":[{"id":"1"}]})");
}

TEST_F(TasksTest, dates_follow_the_status) {
    add();
    call("tasks.task.start", R"({"taskId":1})");
    EXPECT_FALSE(task("1").find("dateStart")->is_null());
    clock.advance_s(60);
    call("tasks.task.complete", R"({"taskId":1})");
    EXPECT_EQ(task("1").find("status")->string(), "5");
    EXPECT_EQ(task("1").find("closedBy")->string(), "1");
    call("tasks.task.renew", R"({"taskId":1})");
    EXPECT_TRUE(task("1").find("closedDate")->is_null());
}

TEST_F(TasksTest, a_controlled_task_goes_to_its_creator_before_it_closes) {
    add(R"(,"TASK_CONTROL":"Y")");
    actor.user = 2;
    call("tasks.task.complete", R"({"taskId":1})");
    EXPECT_EQ(task("1").find("status")->string(), "4");
    actor.user = 1;
    call("tasks.task.approve", R"({"taskId":1})");
    EXPECT_EQ(task("1").find("status")->string(), "5");
}

TEST_F(TasksTest, people_and_parents_must_exist) {
    EXPECT_EQ(error_of("tasks.task.add", R"({"fields":{"TITLE":"T","RESPONSIBLE_ID":77}})").field, "RESPONSIBLE_ID");
    EXPECT_EQ(error_of("tasks.task.add", R"({"fields":{"TITLE":"T"}})").field, "RESPONSIBLE_ID");
    add();
    EXPECT_EQ(error_of("tasks.task.update", R"({"taskId":1,"fields":{"PARENT_ID":1}})").field, "PARENT_ID");
    EXPECT_EQ(error_of("tasks.task.update", R"({"taskId":1,"fields":{"PARENT_ID":8}})").field, "PARENT_ID");
    EXPECT_EQ(error_of("tasks.task.update", R"({"taskId":1,"fields":{"STATUS":9}})").field, "STATUS");
}

TEST_F(TasksTest, lists_are_newest_first_and_know_the_documented_filter_names) {
    add(R"(,"DEADLINE":"2020-01-01","TAGS":["red"])");
    add(R"(,"ACCOMPLICES":[3],"UF_CRM_TASK":["D_7"])");
    add(R"(,"AUDITORS":[3],"PARENT_ID":1)");
    call("tasks.task.complete", R"({"taskId":3})");
    EXPECT_EQ(list("{}"), (Ids{"3", "2", "1"}));
    EXPECT_EQ(list(R"({"order":{"ID":"asc"},"filter":{"!REAL_STATUS":5}})"), (Ids{"1", "2"}));
    EXPECT_EQ(list(R"({"filter":{"STATUS":-1}})"), Ids{"1"});
    EXPECT_EQ(list(R"({"filter":{"ACCOMPLICE":3}})"), Ids{"2"});
    EXPECT_EQ(list(R"({"filter":{"AUDITOR":[3]}})"), Ids{"3"});
    EXPECT_EQ(list(R"({"filter":{"MEMBER":3}})"), (Ids{"3", "2"}));
    EXPECT_EQ(list(R"({"filter":{"TAG":"red"}})"), Ids{"1"});
    EXPECT_EQ(list(R"({"filter":{"UF_CRM_TASK":"D_7"}})"), Ids{"2"});
    EXPECT_EQ(list(R"({"filter":{"ONLY_ROOT_TASKS":"Y"}})"), (Ids{"2", "1"}));
    EXPECT_EQ(list(R"({"filter":{"responsibleId":2,">id":1}})"), (Ids{"3", "2"}));
    EXPECT_EQ(error_of("tasks.task.list", R"({"filter":{"NOPE":1}})").field, "NOPE");
}

TEST_F(TasksTest, checklists_take_parameters_by_position) {
    add();
    EXPECT_EQ(call("task.checklistitem.add", R"([1,{"TITLE":"first"}])").integer(), 2) << "the checklist itself is 1";
    EXPECT_EQ(call("task.checklistitem.add", R"({"whatever":1,"name":{"TITLE":"second"}})").integer(), 3);
    EXPECT_TRUE(call("task.checklistitem.complete", R"([1,2])").boolean());
    EXPECT_FALSE(call("task.checklistitem.complete", R"([1,99])").boolean());
    EXPECT_TRUE(call("task.checklistitem.update", R"([1,3,{"TITLE":"2nd"}])").boolean());
    const json::Value rows = call("task.checklistitem.getlist", R"({"TASKID":1,"ORDER":{"ID":"asc"}})");
    ASSERT_EQ(rows.array().size(), 3u);
    EXPECT_EQ(rows.array()[1].find("IS_COMPLETE")->string(), "Y");
    EXPECT_EQ(rows.array()[1].find("TOGGLED_BY")->string(), "1");
    EXPECT_EQ(rows.array()[2].find("TITLE")->string(), "2nd");
    EXPECT_EQ(error_of("task.checklistitem.add", R"([1])").api_code, "ERROR_CORE");
    EXPECT_EQ(error_of("task.checklistitem.add", R"(["x",{"TITLE":"t"}])").api_code, "ERROR_CORE");
    EXPECT_EQ(error_of("task.checklistitem.add", R"([5,{"TITLE":"t"}])").api_code, "ERROR_CORE");
}

TEST_F(TasksTest, comments_name_their_author_and_are_counted) {
    add();
    EXPECT_EQ(call("task.commentitem.add", R"({"TASKID":1,"FIELDS":{"POST_MESSAGE":"Hello","AUTHOR_ID":2}})").integer(),
              1);
    const json::Value rows = call("task.commentitem.getlist", R"([1])");
    EXPECT_EQ(rows.array()[0].find("AUTHOR_NAME")->string(), "Bob");
    EXPECT_EQ(task("1").find("commentsCount")->string(), "1");
    EXPECT_EQ(error_of("task.commentitem.add", R"([1,{"POST_MESSAGE":""}])").api_code, "ERROR_CORE");
}

TEST_F(TasksTest, time_entries_add_up) {
    add();
    EXPECT_EQ(call("task.elapseditem.add", R"([1,{"SECONDS":3600,"COMMENT_TEXT":"work"}])").integer(), 1);
    call("task.elapseditem.add", R"([1,{"SECONDS":"90"}])");
    EXPECT_EQ(task("1").find("timeSpentInLogs")->string(), "3690");
    const json::Value rows = call("task.elapseditem.getlist", R"([1,{"ID":"asc"}])");
    EXPECT_EQ(rows.array()[0].find("MINUTES")->string(), "60");
    EXPECT_EQ(last_total, 2);
}

TEST_F(TasksTest, removal_takes_the_tasks_rows_with_it) {
    add();
    call("task.checklistitem.add", R"([1,{"TITLE":"first"}])");
    call("task.commentitem.add", R"([1,{"POST_MESSAGE":"Hello"}])");
    call("tasks.task.delete", R"({"taskId":1})");
    read([](model::Records& records) -> Status {
        for (const char* table : {"task_checklist_items", "task_comments"}) {
            STOA_TRY(const std::int64_t rows, records.tx().count(table, db::Condition::always()));
            EXPECT_EQ(rows, 0) << table;
        }
        return {};
    });
}

TEST_F(TasksTest, files_of_the_drive_hang_on_tasks) {
    const auto file = [&](const char* type) {
        RecordId id = 0;
        write([&](model::Records& records) -> Status {
            model::Changes changes(records.services().registry.entity("disk.object"));
            changes.set("TYPE", std::string(type));
            changes.set("DELETED_TYPE", std::int64_t{0});
            STOA_TRY(id, records.add(std::move(changes)));
            return {};
        });
        return id;
    };
    const auto files = [&] {
        const json::Value got = call("tasks.task.get", R"({"taskId":1,"select":["ID","UF_TASK_WEBDAV_FILES"]})");
        return json::to_json(*got.find("task")->find("ufTaskWebdavFiles"));
    };
    file("file");
    file("file");
    file("folder");
    add(R"(,"UF_TASK_WEBDAV_FILES":["n1","n2"])");
    EXPECT_EQ(files(), "[1,2]");
    EXPECT_EQ(task("1").find("ufTaskWebdavFiles"), nullptr);
    const json::Value page = call("tasks.task.list", R"({"select":["ID","UF_TASK_WEBDAV_FILES"]})");
    EXPECT_EQ(json::to_json(*page.find("tasks")->array().at(0).find("ufTaskWebdavFiles")), "[1,2]");
    call("tasks.task.update", R"({"taskId":1,"fields":{"TITLE":"U"}})");
    EXPECT_EQ(files(), "[1,2]");
    call("tasks.task.update", R"({"taskId":1,"fields":{"UF_TASK_WEBDAV_FILES":[2]}})");
    EXPECT_EQ(files(), "[2]");
    EXPECT_EQ(json::to_json(call("tasks.task.files.attach", R"({"taskId":1,"fileId":1})")), R"({"attachmentId":3})");
    EXPECT_EQ(json::to_json(call("tasks.task.files.attach", R"({"taskId":1,"fileId":2})")), R"({"attachmentId":2})");
    call("tasks.task.update", R"({"taskId":1,"fields":{"UF_TASK_WEBDAV_FILES":""}})");
    EXPECT_EQ(files(), "[]");

    for (const char* bad : {R"(["n3"])", R"(["n9"])", R"(["x"])"}) {
        EXPECT_EQ(
            error_of("tasks.task.update", R"({"taskId":1,"fields":{"UF_TASK_WEBDAV_FILES":)" + std::string(bad) + "}}")
                .code,
            Errc::invalid_argument)
            << bad;
    }
    EXPECT_EQ(error_of("tasks.task.files.attach", R"({"fileId":1})").api_code, "100");
    EXPECT_EQ(error_of("tasks.task.files.attach", R"({"taskId":1})").api_code, "100");
    EXPECT_EQ(error_of("tasks.task.files.attach", R"({"taskId":9,"fileId":1})").api_code, "0");
    actor.user = 2;
    actor.role = model::Role::employee;
    EXPECT_EQ(error_of("tasks.task.files.attach", R"({"taskId":1,"fileId":1})").api_code, "ERROR_CORE")
        << "not his file";
    actor.user = 1;
    actor.role = model::Role::admin;
    call("tasks.task.files.attach", R"({"taskId":1,"fileId":1})");
    call("tasks.task.delete", R"({"taskId":1})");
    read([](model::Records& records) -> Status {
        STOA_TRY(const std::int64_t rows, records.tx().count("disk_attached_objects", db::Condition::always()));
        EXPECT_EQ(rows, 0);
        return {};
    });
}

TEST_F(TasksTest, a_stranger_sees_no_task_and_nothing_of_it) {
    add();
    call("task.commentitem.add", R"([1,{"POST_MESSAGE":"secret"}])");
    actor.user = 3;
    actor.role = model::Role::extranet;
    EXPECT_EQ(list("{}"), Ids{});
    EXPECT_EQ(json::to_json(call("tasks.task.get", R"({"taskId":1})")), "[]");
    EXPECT_EQ(error_of("task.commentitem.getlist", "[1]").api_code, "ERROR_CORE");
    EXPECT_EQ(error_of("task.commentitem.add", R"([1,{"POST_MESSAGE":"x"}])").api_code, "ERROR_CORE");
    actor.user = 2;
    EXPECT_EQ(list("{}"), Ids{"1"}) << "the assignee does";
    EXPECT_EQ(call("task.commentitem.getlist", "[1]").array().size(), 1u);
}

}  // namespace
}  // namespace stoa::tasks
