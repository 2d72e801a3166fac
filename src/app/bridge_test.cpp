// What people hear of tasks, CRM records and the stream: the whole program on a real store, without its wires.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <set>

#include "app/account_setup.hpp"
#include "app/task_bridge.hpp"
#include "base/testing/engine_process.hpp"
#include "json/parse.hpp"
#include "modules/accounts/users.hpp"
#include "modules/notify/limits.hpp"
#include "modules/tasks/names.hpp"

namespace stoa::app {
namespace {

constexpr UserId kAda = 1;  ///< administrator, head office
constexpr UserId kBob = 2;  ///< head office
constexpr UserId kCy = 3;   ///< sales, which lies in the head office
constexpr UserId kDee = 4;  ///< sales
constexpr UserId kEve = 5;  ///< from outside, no department
constexpr UserId kFay = 6;  ///< head of sales

class BridgeTest : public ::testing::Test {
  protected:
    using Write = std::function<Status(model::Records&)>;
    using Values = std::vector<std::pair<const char*, db::Value>>;
    using Links = std::vector<std::pair<const char*, std::vector<RecordId>>>;
    using Lines = std::vector<std::string>;

    void SetUp() override {
        Config config;
        config.data_dir = folder_.path();
        auto opened = Portal::open(config, true);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        portal_ = std::move(*opened);
        AccountRequest request;
        request.account.name = "Test";
        request.account.url = "https://127.0.0.1:8443/";
        request.account.language = "en";
        request.email = "ada@example.org";
        ASSERT_TRUE(create_account(*portal_, request).ok());
        make("department", {{"NAME", std::string("Sales")}, {"PARENT", std::int64_t{1}}});
        add_user("bob", {1});
        add_user("cy", {2});
        add_user("dee", {2});
        add_user("eve", {}, "extranet");
        add_user("fay", {2});
        change_as(0, "department", 2, {{"UF_HEAD", kFay}});
    }

    /// In one transaction on behalf of the user; 0 is the program itself.
    Status try_as(UserId user, const Write& fn) {
        return portal_->accounts().write(1, [&](db::WriteTx& tx) -> Status {
            model::Actor actor = model::Actor::make_system(1);
            if (user > 0) {
                STOA_TRY(actor, accounts::load_actor(portal_->accounts(), tx, user));
            }
            STOA_TRY(model::Records records, portal_->accounts().records(tx, actor));
            return fn(records);
        });
    }
    void as(UserId user, const Write& fn) {
        const Status done = try_as(user, fn);
        EXPECT_TRUE(done.ok()) << done.error().message << " " << done.error().field;
    }
    const model::Entity& entity(const char* name) const { return portal_->model().registry.entity(name); }
    model::Changes changes(const char* name, const Values& values, const Links& links = {}) const {
        model::Changes out(entity(name));
        for (const auto& [field, value] : values)
            out.set(field, value);
        for (const auto& [field, targets] : links)
            out.links.emplace_back(&entity(name).field(field), targets);
        return out;
    }
    RecordId make_as(UserId user, const char* name, const Values& values, const Links& links = {}) {
        RecordId id = 0;
        as(user, [&](model::Records& records) -> Status {
            STOA_TRY(id, records.add(changes(name, values, links)));
            return {};
        });
        return id;
    }
    RecordId make(const char* name, const Values& values, const Links& links = {}) {
        return make_as(0, name, values, links);
    }
    void change_as(UserId user, const char* name, RecordId id, const Values& values, const Links& links = {}) {
        as(user, [&](model::Records& records) { return records.update(id, changes(name, values, links)); });
    }
    void remove_as(UserId user, const char* name, RecordId id) {
        as(user, [&](model::Records& records) { return records.remove(entity(name), id); });
    }
    void add_user(const std::string& name, const std::vector<RecordId>& departments, const char* role = "employee") {
        make("user", {{"NAME", name}, {"EMAIL", name + "@example.org"}, {"ROLE", std::string(role)}},
             {{"UF_DEPARTMENT", departments}});
    }

    std::vector<model::Record> rows_of(const char* name, const db::Condition& where) {
        std::vector<model::Record> rows;
        as(0, [&](model::Records& records) -> Status {
            model::Query query;
            query.where = where;
            query.order = {{{"id", ""}, true}};
            query.limit = 2'000;
            STOA_TRY(rows, records.list(entity(name), query));
            return {};
        });
        return rows;
    }
    /// "title: text" of what is unread, newest first, with " ×n" behind what counts on.
    Lines bell(UserId user) {
        Lines out;
        const auto unread = db::Condition::all(
            {db::Condition::equals("user_id", user), db::Condition::equals("is_read", std::int64_t{0})});
        for (const model::Record& row : rows_of("notify.notification", unread)) {
            std::string line = row.text("TITLE") + ": " + row.text("TEXT");
            if (const std::int64_t times = row.integer("GROUPED"); times > 1) line += " ×" + std::to_string(times);
            out.push_back(line);
        }
        return out;
    }
    void empty_bells() {
        as(0, [&](model::Records& records) -> Status {
            auto gone = records.write_tx().remove(entity("notify.notification").table, db::Condition::always());
            return gone ? Status() : Status(gone.error());
        });
    }
    std::size_t bells() { return rows_of("notify.notification", db::Condition::always()).size(); }
    /// Titles of the posts that the user sees.
    Lines stream(UserId user) {
        Lines out;
        as(user, [&](model::Records& records) -> Status {
            model::Query query;
            query.order = {{{"id", ""}, true}};
            STOA_TRY(const std::vector<model::Record> rows, records.list(entity("log.post"), query));
            for (const model::Record& row : rows)
                out.push_back(row.text("TITLE"));
            return {};
        });
        return out;
    }
    /// How many messages wait for clients of the user, of the bell.
    std::size_t pushes_to(UserId user) {
        const auto taken = portal_->model().pushes.take_of(1, 0, 5'000);
        EXPECT_TRUE(taken.ok());
        std::size_t count = 0;
        for (const model::StoredPush& stored : *taken)
            count += stored.push.command == "notifyAdd" && stored.push.users == std::vector<UserId>{user} ? 1 : 0;
        return count;
    }

    RecordId task(UserId author, UserId responsible, const Links& links = {}) {
        return make_as(author, "tasks.task", {{"TITLE", std::string("T")}, {"RESPONSIBLE_ID", responsible}}, links);
    }
    void comment(UserId author, RecordId on, const std::string& text) {
        make_as(author, "tasks.comment", {{"TASK_ID", on}, {"POST_MESSAGE", text}});
    }
    void set_status(UserId user, RecordId id, std::int64_t status) {
        change_as(user, "tasks.task", id, {{"STATUS", status}});
    }

    const fixture::TempDir folder_;  // goes after the portal
    std::unique_ptr<Portal> portal_;
};

// --- tasks ---

TEST_F(BridgeTest, whoever_gets_a_task_is_told_but_not_by_himself) {
    task(kAda, kCy, {{"ACCOMPLICES", {kDee, kCy}}, {"AUDITORS", {kBob, kAda}}});
    EXPECT_EQ(bell(kCy), Lines{"A task was given to you: T"}) << "once, although he is an accomplice too";
    EXPECT_EQ(bell(kDee), Lines{"You take part in a task: T"});
    EXPECT_EQ(bell(kBob), Lines{"You observe a task: T"});
    EXPECT_EQ(bell(kAda), Lines{});
    empty_bells();
    task(kCy, kCy);
    EXPECT_EQ(bells(), 0u);
    EXPECT_EQ(pushes_to(kCy), 1u);
}

TEST_F(BridgeTest, only_newcomers_of_a_task_are_told) {
    const RecordId id = task(kAda, kCy, {{"AUDITORS", {kBob}}});
    empty_bells();
    change_as(kAda, "tasks.task", id, {{"PRIORITY", std::int64_t{2}}});
    change_as(kAda, "tasks.task", id, {{"RESPONSIBLE_ID", kCy}}, {{"AUDITORS", {kBob, kDee}}});
    EXPECT_EQ(bell(kDee), Lines{"You observe a task: T"});
    EXPECT_EQ(bells(), 1u);
    change_as(kAda, "tasks.task", id, {{"RESPONSIBLE_ID", kBob}});
    EXPECT_EQ(bell(kBob), Lines{"A task was given to you: T"});
    EXPECT_EQ(bells(), 2u);
}

TEST_F(BridgeTest, the_creator_hears_of_the_work_and_the_worker_of_what_came_of_it) {
    const RecordId id = task(kAda, kCy);
    empty_bells();
    set_status(kCy, id, tasks::in_progress);
    EXPECT_EQ(bells(), 0u);
    set_status(kCy, id, tasks::awaiting_review);
    EXPECT_EQ(bell(kAda), Lines{"A task awaits your review: T"});
    set_status(kAda, id, tasks::pending);
    EXPECT_EQ(bell(kCy), Lines{"Task returned to work: T"});
    empty_bells();
    set_status(kCy, id, tasks::declined);
    EXPECT_EQ(bell(kAda), Lines{"Task declined: T"});
    empty_bells();
    set_status(kCy, id, tasks::completed);
    EXPECT_EQ(bell(kAda), Lines{"Task completed: T"});
    EXPECT_EQ(bells(), 1u);
    empty_bells();
    set_status(kAda, id, tasks::in_progress);
    set_status(kAda, id, tasks::completed);
    EXPECT_EQ(bell(kCy), Lines{"Task completed: T ×2"}) << "grouped by task";
    EXPECT_EQ(bells(), 1u);
}

TEST_F(BridgeTest, a_new_deadline_is_told_to_all_who_take_part) {
    const RecordId id = task(kAda, kCy, {{"ACCOMPLICES", {kDee}}, {"AUDITORS", {kBob}}});
    empty_bells();
    change_as(kCy, "tasks.task", id, {{"DEADLINE", std::int64_t{1'780'048'800}}});
    for (const UserId user : {kAda, kDee, kBob}) {
        ASSERT_EQ(bell(user).size(), 1u);
        EXPECT_TRUE(bell(user)[0].starts_with("Deadline changed: T\n2026-05-29 ")) << bell(user)[0];
    }
    EXPECT_EQ(bell(kCy), Lines{});
    change_as(kCy, "tasks.task", id, {{"DEADLINE", std::int64_t{1'780'048'800}}});
    EXPECT_EQ(bells(), 3u) << "the same deadline again is no change";
    change_as(kCy, "tasks.task", id, {{"DEADLINE", db::Value()}});
    EXPECT_EQ(bell(kDee), Lines{"Deadline changed: T\nno deadline ×2"});
}

TEST_F(BridgeTest, comments_reach_all_who_take_part_and_mentions_those_who_may_see_the_task) {
    const RecordId id = task(kCy, kDee);
    empty_bells();
    comment(kDee, id, "[b]Hello[/b]");
    EXPECT_EQ(bell(kCy), Lines{"New comment on a task: T\nHello"});
    EXPECT_EQ(bells(), 1u);
    empty_bells();
    // Fay is of their department and sees the task; Eve from outside and Bob of another department do not.
    comment(kDee, id, "[USER=3]Cy[/USER] [USER=6]Fay[/USER] [USER=5]Eve[/USER] [USER=2]Bob[/USER] [USER=4]me[/USER]");
    EXPECT_EQ(bell(kCy), Lines{"You were mentioned in a task: T\nCy Fay Eve Bob me"});
    EXPECT_EQ(bell(kFay), Lines{"You were mentioned in a task: T\nCy Fay Eve Bob me"});
    EXPECT_EQ(bells(), 2u);
}

TEST_F(BridgeTest, a_removed_task_leaves_nothing_in_bells_and_stream) {
    const RecordId id = task(kAda, kCy, {{"ACCOMPLICES", {kDee, kBob}}});
    comment(kCy, id, "Hello");
    const RecordId other = task(kAda, kCy);
    remove_as(kAda, "tasks.task", id);
    EXPECT_EQ(bells(), 1u);
    EXPECT_EQ(stream(kCy), Lines{});
    remove_as(kAda, "tasks.task", other);
    EXPECT_EQ(bells(), 0u);
}

TEST_F(BridgeTest, what_the_program_itself_writes_is_nobodys_news) {
    make("tasks.task", {{"TITLE", std::string("T")}, {"RESPONSIBLE_ID", kCy}, {"CREATED_BY", kAda}},
         {{"ACCOMPLICES", {kDee, kBob}}});
    make("crm.deal", {{"TITLE", std::string("D")}, {"ASSIGNED_BY_ID", kCy}, {"STAGE_ID", std::string("WON")}});
    EXPECT_EQ(bells(), 0u);
    EXPECT_EQ(stream(kAda), Lines{});
}

TEST_F(BridgeTest, a_refused_write_tells_nobody) {
    const Status refused = try_as(kAda, [&](model::Records& records) -> Status {
        const auto added = records.add(
            changes("tasks.task", {{"TITLE", std::string("T")}, {"RESPONSIBLE_ID", kCy}}, {{"AUDITORS", {kDee}}}));
        return added ? Status(invalid("Something later fails.")) : Status(added.error());
    });
    EXPECT_FALSE(refused.ok());
    EXPECT_EQ(bells(), 0u);
    EXPECT_EQ(pushes_to(kCy), 0u);
}

TEST_F(BridgeTest, a_new_task_of_many_people_is_in_the_stream_for_them_only) {
    static_assert(TaskBridge::kManyPeople == 4);
    task(kBob, kCy, {{"ACCOMPLICES", {kDee}}});
    EXPECT_EQ(stream(kCy), Lines{}) << "three are not many";
    const RecordId id = task(kBob, kCy, {{"ACCOMPLICES", {kDee, kEve}}});
    for (const UserId user : {kBob, kCy, kDee, kEve})
        EXPECT_EQ(stream(user), Lines{"New task"}) << user;
    EXPECT_EQ(stream(kFay), Lines{});
    EXPECT_EQ(bell(kDee).size(), 2u) << "the bell tells of the tasks, not of the entry";
    change_as(kBob, "tasks.task", id, {}, {{"ACCOMPLICES", {kFay, kEve}}});
    EXPECT_EQ(stream(kDee), Lines{}) << "no longer a participant";
    EXPECT_EQ(stream(kFay), Lines{"New task"});
}

TEST_F(BridgeTest, a_completed_task_is_in_the_stream_once) {
    const RecordId id = task(kBob, kCy);
    set_status(kCy, id, tasks::completed);
    set_status(kBob, id, tasks::pending);
    set_status(kCy, id, tasks::completed);
    EXPECT_EQ(stream(kBob), Lines{"Task completed"});
    EXPECT_EQ(stream(kCy), Lines{"Task completed"});
    EXPECT_EQ(stream(kDee), Lines{});
    const RecordId own = task(kDee, kDee);
    set_status(kDee, own, tasks::completed);
    EXPECT_EQ(stream(kDee), Lines{}) << "a task of one person is his own business";
}

// --- CRM ---

TEST_F(BridgeTest, whoever_gets_a_record_from_somebody_else_is_told) {
    const Values to_cy{{"TITLE", std::string("X")}, {"ASSIGNED_BY_ID", kCy}};
    const RecordId lead = make_as(kAda, "crm.lead", to_cy);
    make_as(kAda, "crm.deal", to_cy);
    make_as(kAda, "crm.company", to_cy);
    make_as(kAda, "crm.contact", {{"NAME", std::string("Ann")}, {"ASSIGNED_BY_ID", kCy}});
    EXPECT_EQ(bell(kCy), (Lines{"You are responsible now: Contact: Ann", "You are responsible now: Company: X",
                                "You are responsible now: Deal: X", "You are responsible now: Lead: X"}));
    make_as(kCy, "crm.deal", to_cy);
    EXPECT_EQ(bell(kCy).size(), 4u) << "his own";
    change_as(kCy, "crm.lead", lead, {{"ASSIGNED_BY_ID", kDee}});
    EXPECT_EQ(bell(kDee), Lines{"You are responsible now: Lead: X"});
    EXPECT_EQ(bell(kAda), Lines{});
    make_as(kAda, "crm.deal", {{"TITLE", std::string("X")}, {"ASSIGNED_BY_ID", kEve}});
    EXPECT_EQ(bell(kEve), Lines{}) << "she may not see it";
    change_as(0, "user", kBob, {{"ACTIVE", std::int64_t{0}}});
    make_as(kAda, "crm.deal", {{"TITLE", std::string("X")}, {"ASSIGNED_BY_ID", kBob}});
    make_as(kAda, "crm.deal", {{"TITLE", std::string("X")}, {"ASSIGNED_BY_ID", UserId{77}}});
    EXPECT_EQ(bell(kBob), Lines{}) << "dismissed";
    remove_as(kAda, "crm.lead", lead);
    EXPECT_EQ(bell(kDee), Lines{});
}

TEST_F(BridgeTest, the_responsible_person_hears_when_somebody_else_moves_the_deal) {
    const RecordId deal = make_as(kCy, "crm.deal", {{"TITLE", std::string("D")}});
    change_as(kCy, "crm.deal", deal, {{"STAGE_ID", std::string("PREPARATION")}});
    EXPECT_EQ(bells(), 0u);
    change_as(kDee, "crm.deal", deal, {{"STAGE_ID", std::string("EXECUTING")}});
    ASSERT_EQ(bell(kCy).size(), 1u);
    EXPECT_TRUE(bell(kCy)[0].starts_with("Stage changed: Deal: D\n")) << bell(kCy)[0];
    change_as(kDee, "crm.deal", deal, {{"STAGE_ID", std::string("LOSE")}});
    ASSERT_EQ(bell(kCy).size(), 1u);
    EXPECT_TRUE(bell(kCy)[0].ends_with(" ×2")) << "grouped by deal";
    change_as(kDee, "crm.deal", deal, {{"STAGE_ID", std::string("NEW")}, {"ASSIGNED_BY_ID", kBob}});
    EXPECT_EQ(bell(kBob), Lines{"You are responsible now: Deal: D"}) << "once";
}

TEST_F(BridgeTest, activities_are_told_to_whoever_gets_them) {
    const RecordId deal = make_as(kAda, "crm.deal", {{"TITLE", std::string("D")}});
    const auto activity = [&](UserId author, UserId responsible) {
        return make_as(author, "crm.activity",
                       {{"OWNER_TYPE_ID", std::int64_t{2}},
                        {"OWNER_ID", deal},
                        {"TYPE_ID", std::int64_t{3}},
                        {"SUBJECT", std::string("Call back")},
                        {"RESPONSIBLE_ID", responsible}});
    };
    const RecordId first = activity(kAda, kCy);
    activity(kCy, kCy);
    EXPECT_EQ(bell(kCy), Lines{"An activity was given to you: Call back"});
    change_as(kAda, "crm.activity", first, {{"RESPONSIBLE_ID", kDee}});
    EXPECT_EQ(bell(kDee).size(), 1u);
    remove_as(kAda, "crm.activity", first);
    EXPECT_EQ(bells(), 0u);
}

TEST_F(BridgeTest, a_won_deal_is_in_the_stream_for_those_above_who_may_see_it) {
    const RecordId deal = make_as(kCy, "crm.deal", {{"TITLE", std::string("Big")}});
    change_as(kCy, "crm.deal", deal, {{"STAGE_ID", std::string("WON")}});
    for (const UserId user : {kCy, kFay, kBob, kAda})
        EXPECT_EQ(stream(user), Lines{"A deal was won"}) << user;
    EXPECT_EQ(rows_of("log.post", db::Condition::always())[0].text("DETAIL_TEXT"),
              "[URL=https://127.0.0.1:8443/crm/deals/1]Big[/URL]");
    EXPECT_EQ(stream(kDee), Lines{}) << "a colleague";
    EXPECT_EQ(stream(kEve), Lines{}) << "from outside";
    EXPECT_EQ(bells(), 0u);
    change_as(kCy, "crm.deal", deal, {{"STAGE_ID", std::string("NEW")}});
    change_as(kCy, "crm.deal", deal, {{"STAGE_ID", std::string("WON")}});
    EXPECT_EQ(stream(kBob).size(), 1u);
    make_as(kCy, "crm.deal", {{"TITLE", std::string("Lost")}, {"STAGE_ID", std::string("LOSE")}});
    EXPECT_EQ(stream(kBob).size(), 1u);
    remove_as(kAda, "crm.deal", deal);
    EXPECT_EQ(stream(kBob), Lines{});
}

// --- many at once ---

TEST_F(BridgeTest, an_import_of_a_thousand_is_a_few_and_one_that_counts) {
    constexpr int kMany = 1'000;
    const auto begin = std::chrono::steady_clock::now();
    as(kAda, [&](model::Records& records) -> Status {
        for (int n = 0; n < kMany; ++n) {
            const auto added =
                records.add(changes("tasks.task", {{"TITLE", std::string("T")}, {"RESPONSIBLE_ID", kCy}}));
            if (!added) return added.error();
        }
        return {};
    });
    const auto told = std::chrono::steady_clock::now();
    as(kCy, [&](model::Records& records) -> Status {
        for (int n = 0; n < kMany; ++n) {
            const auto added =
                records.add(changes("tasks.task", {{"TITLE", std::string("T")}, {"RESPONSIBLE_ID", kCy}}));
            if (!added) return added.error();
        }
        return {};
    });
    const auto untold = std::chrono::steady_clock::now();
    const auto ms = [](auto from, auto to) {
        return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count());
    };
    RecordProperty("told_ms", ms(begin, told));
    RecordProperty("untold_ms", ms(told, untold));
    const Lines in_bell = bell(kCy);
    ASSERT_EQ(static_cast<std::int64_t>(in_bell.size()), limits::notify_singly_max + 1);
    EXPECT_EQ(in_bell[0], "Changes of many tasks: T ×" + std::to_string(kMany - limits::notify_singly_max));
    EXPECT_LT(pushes_to(kCy), 100u) << "once a second past the limit";
}

}  // namespace
}  // namespace stoa::app
