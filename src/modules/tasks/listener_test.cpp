// What a listener hears of tasks: on a real store, with users as plain rows.

#include "modules/tasks/listener.hpp"

#include "api/testing/portal_fixture.hpp"
#include "modules/tasks/limits.hpp"
#include "modules/tasks/module.hpp"
#include "modules/tasks/testing/user_entity.hpp"

namespace stoa::tasks {
namespace {

std::string joined(const std::vector<UserId>& users) {
    std::string out;
    for (const UserId user : users)
        out += " " + std::to_string(user);
    return out;
}

/// Remembers what it was told.
class Heard final : public TaskListener {
  public:
    Status task_saved(model::Records&, const TaskChange& change) override {
        if (refuses) return forbidden("No.");
        std::string line = change.before ? "changed " : "new ";
        line += std::to_string(change.task.id()) + " " + change.task.text("TITLE") + ":";
        if (change.before) line += joined(change.people_before.all()) + " ->";
        lines.push_back(line + joined(change.people.all()));
        return {};
    }
    Status task_removed(model::Records&, RecordId task) override {
        lines.push_back("removed " + std::to_string(task));
        return {};
    }
    Status comment_added(model::Records&, const model::Record& task, const TaskPeople& people,
                         const model::Record& comment) override {
        lines.push_back("comment on " + std::to_string(task.id()) + " " + comment.text("POST_MESSAGE") + ":" +
                        joined(people.all()));
        return {};
    }
    std::vector<std::string> lines;
    bool refuses = false;
};

class TaskListening : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [this](model::Registry& all) -> Status {
                STOA_CHECK(all.add(testing::kUserEntity));
                return register_entities(all, &heard);
            },
            add_methods);
        for (const char* name : {"Ada", "Bob", "Cy", "Dee"}) {
            write([&](model::Records& records) -> Status {
                model::Changes changes(records.services().registry.entity("user"));
                changes.set("NAME", std::string(name));
                const auto added = records.add(std::move(changes));
                return added ? Status() : Status(added.error());
            });
        }
    }
    void add(const std::string& more = "") {
        call("tasks.task.add", R"({"fields":{"TITLE":"T","RESPONSIBLE_ID":2)" + more + "}}");
    }
    std::vector<std::string> taken() { return std::exchange(heard.lines, {}); }

    using Lines = std::vector<std::string>;
    Heard heard;
};

TEST_F(TaskListening, a_new_task_comes_with_its_people) {
    add(R"(,"ACCOMPLICES":[3,2],"AUDITORS":[4])");
    EXPECT_EQ(taken(), Lines{"new 1 T: 1 2 3 4"});
}

TEST_F(TaskListening, a_change_comes_with_those_before_and_after_it) {
    add(R"(,"AUDITORS":[4])");
    taken();
    call("tasks.task.update", R"({"taskId":1,"fields":{"TITLE":"New","RESPONSIBLE_ID":3,"AUDITORS":[2]}})");
    EXPECT_EQ(taken(), Lines{"changed 1 New: 1 2 4 -> 1 3 2"});
    call("tasks.task.update", R"({"taskId":1,"fields":{"PRIORITY":2}})");
    EXPECT_EQ(taken(), Lines{"changed 1 New: 1 3 2 -> 1 3 2"});
    call("tasks.task.complete", R"({"taskId":1})");
    EXPECT_EQ(taken().size(), 1u);
}

TEST_F(TaskListening, comments_and_removal_are_told) {
    add();
    taken();
    call("task.commentitem.add", R"([1,{"POST_MESSAGE":"Hello"}])");
    EXPECT_EQ(taken(), Lines{"comment on 1 Hello: 1 2"});
    call("task.commentitem.update", R"([1,1,{"POST_MESSAGE":"Other"}])");
    EXPECT_EQ(taken(), Lines{});
    call("tasks.task.delete", R"({"taskId":1})");
    EXPECT_EQ(taken(), Lines{"removed 1"});
}

TEST_F(TaskListening, its_error_refuses_the_write) {
    add();
    heard.refuses = true;
    EXPECT_FALSE(try_call("tasks.task.update", R"({"taskId":1,"fields":{"TITLE":"New"}})").ok());
    heard.refuses = false;
    EXPECT_EQ(call("tasks.task.get", R"({"taskId":1})").find("task")->find("title")->string(), "T");
}

TEST(TaskPeopleLimit, so_many_are_told_and_no_more) {
    TaskPeople people;
    people.creator = 1;
    people.responsible = 2;
    for (std::size_t n = 3; n <= limits::task_people_told_max; ++n)
        people.accomplices.push_back(static_cast<UserId>(n));
    EXPECT_EQ(people.all().size(), limits::task_people_told_max);
    people.auditors.push_back(100'000);
    EXPECT_EQ(people.all().size(), limits::task_people_told_max);
    EXPECT_EQ(people.all().front(), 1);
}

}  // namespace
}  // namespace stoa::tasks
