#pragma once
// ChatFixture: a portal with the chat, a few users as plain rows, and files and notifications as bare entities: the
// modules that own them are not needed. One thread, but for run_at_once().

#include <array>
#include <thread>

#include "api/testing/portal_fixture.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "model/push_outbox.hpp"
#include "modules/chat/module.hpp"

namespace stoa::chat::testing {

inline constexpr UserId kAdmin = 1;
inline constexpr UserId kAnna = 2;
inline constexpr UserId kBert = 3;
inline constexpr UserId kCleo = 4;
inline constexpr UserId kGuest = 5;  ///< extranet

inline constexpr const char* kUserEntity = R"({
  "name": "user", "table": "users", "access": "people", "owner": "ID",
  "fields": [
    {"name": "ID", "type": "id"}, {"name": "ACTIVE", "type": "boolean", "default": "1"}, {"name": "NAME"},
    {"name": "LAST_NAME"}, {"name": "EMAIL"}, {"name": "WORK_POSITION"}, {"name": "PERSONAL_GENDER"},
    {"name": "PERSONAL_BIRTHDAY", "type": "date"}, {"name": "PERSONAL_PHOTO", "type": "file"}, {"name": "WORK_PHONE"},
    {"name": "PERSONAL_MOBILE"}, {"name": "PERSONAL_PHONE"}, {"name": "UF_PHONE_INNER"}, {"name": "PERSONAL_WWW"},
    {"name": "USER_TYPE"}, {"name": "LAST_ACTIVITY_DATE", "type": "datetime"},
    {"name": "UF_DEPARTMENT", "type": "links", "target": "department", "link_table": "user_departments"}
  ]
})";
inline constexpr const char* kDepartmentEntity = R"({
  "name": "department", "table": "departments", "access": "departments",
  "fields": [{"name": "ID", "type": "id"}, {"name": "NAME"}]
})";
inline constexpr const char* kObjectEntity = R"({
  "name": "disk.object", "table": "disk_objects", "access": "personal", "owner": "CREATED_BY",
  "fields": [
    {"name": "ID", "type": "id"}, {"name": "NAME"}, {"name": "TYPE"}, {"name": "FILE_ID", "type": "integer"},
    {"name": "SIZE", "type": "integer"}, {"name": "DELETED_TYPE", "type": "integer", "default": "0"},
    {"name": "CREATE_TIME", "type": "datetime", "default": "@now"},
    {"name": "CREATED_BY", "type": "user", "default": "@user"}
  ]
})";
inline constexpr const char* kNotificationEntity = R"({
  "name": "notify.notification", "table": "notifications", "access": "personal", "owner": "USER_ID",
  "fields": [
    {"name": "ID", "type": "id"}, {"name": "USER_ID", "type": "user"},
    {"name": "READ", "type": "boolean", "default": "0"}
  ]
})";

/// A member as text without quotes, "?" when absent.
inline std::string at(const json::Value& value, std::string_view key) {
    const json::Value* member = value.find(key);
    if (!member) return "?";
    return member->is_string() ? member->string() : json::to_json(*member);
}

class ChatFixture : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [](model::Registry& all) -> Status {
                for (const char* entity : {kUserEntity, kDepartmentEntity, kObjectEntity, kNotificationEntity})
                    STOA_CHECK(all.add(entity));
                return register_entities(all);
            },
            add_methods);
        add_users();
        become(kAnna);
    }

    void add_users() {
        add_user("Ada", "Admin", "employee");
        add_user("Anna", "Weber", "employee");
        add_user("Bert", "Lang", "employee");
        add_user("Cleo", "Adler", "employee");
        add_user("Gus", "Guest", "extranet");
    }
    RecordId add_user(const char* name, const char* last_name, const char* type) {
        return add_row("user", [&](model::Changes& changes) {
            changes.set("NAME", std::string(name));
            changes.set("LAST_NAME", std::string(last_name));
            changes.set("USER_TYPE", std::string(type));
        });
    }
    RecordId add_row(const char* entity, const std::function<void(model::Changes&)>& fill) {
        RecordId id = 0;
        write([&](model::Records& records) -> Status {
            model::Changes changes(registry.entity(entity));
            fill(changes);
            STOA_TRY(id, records.as_system().add(std::move(changes)));
            return {};
        });
        return id;
    }
    RecordId add_file(const char* name) {
        return add_row("disk.object", [&](model::Changes& changes) {
            changes.set("NAME", std::string(name));
            changes.set("TYPE", std::string("file"));
            changes.set("FILE_ID", std::int64_t{77});
            changes.set("SIZE", std::int64_t{5});
        });
    }

    void become(UserId user) {
        actor.user = user;
        actor.role = user == kAdmin   ? model::Role::admin
                     : user == kGuest ? model::Role::extranet
                                      : model::Role::employee;
    }
    /// Runs as somebody else, and is the same as before afterwards.
    template <class Fn>
    auto as(UserId user, Fn&& fn) {
        const model::Actor before = actor;
        become(user);
        auto result = fn();
        actor = before;
        return result;
    }

    std::string ask(std::string_view method, std::string_view parameters = "{}") {
        return json::to_json(call(method, parameters));
    }
    RecordId group(const std::string& users, const std::string& more = R"("TITLE":"Team")") {
        return call("im.chat.add", R"({"USERS":[)" + users + "]" + (more.empty() ? "" : "," + more) + "}").integer();
    }
    static std::string chat(RecordId id) { return "chat" + std::to_string(id); }
    static std::string in(const std::string& dialog, const std::string& more = {}) {
        return R"({"DIALOG_ID":")" + dialog + "\"" + (more.empty() ? "" : "," + more) + "}";
    }
    RecordId say(const std::string& dialog, const std::string& text, const std::string& more = {}) {
        return call("im.message.add", in(dialog, R"("MESSAGE":")" + text + "\"" + (more.empty() ? "" : "," + more)))
            .integer();
    }
    RecordId say_as(UserId user, const std::string& dialog, const std::string& text) {
        return as(user, [&] { return say(dialog, text); });
    }
    static std::string with_id(const char* name, RecordId id, const std::string& more = {}) {
        return "{\"" + std::string(name) + "\":" + std::to_string(id) + (more.empty() ? "" : "," + more) + "}";
    }
    std::string counter(const std::string& dialog) { return at(call("im.dialog.get", in(dialog)), "counter"); }
    json::Value messages(const std::string& dialog, const std::string& more = {}) {
        const json::Value page = call("im.dialog.messages.get", in(dialog, more));
        const json::Value* list = page.find("messages");
        return list ? *list : json::Value();
    }
    std::vector<std::string> texts(const std::string& dialog, const std::string& more = {}) {
        std::vector<std::string> out;
        const json::Value page = messages(dialog, more);
        for (const json::Value* message : page.items())
            out.push_back(at(*message, "text"));
        return out;
    }
    std::int64_t count(const std::string& table) {
        std::int64_t rows = -1;
        read([&](model::Records& records) -> Status {
            STOA_TRY(rows, records.tx().count(table, db::Condition::always()));
            return {};
        });
        return rows;
    }

    /// What was pushed since the last time.
    std::vector<model::Push> pushes() {
        model::PushOutbox outbox(*database);
        auto taken = outbox.take_of(actor.account, last_push_, 10'000);
        std::vector<model::Push> out;
        if (!taken) return out;
        for (model::StoredPush& stored : *taken) {
            last_push_ = stored.id;
            out.push_back(std::move(stored.push));
        }
        return out;
    }

    /// One call per thread, all at once; the answers as JSON text.
    std::array<std::string, 8> run_at_once(std::string_view method, const std::string& parameters) {
        std::array<std::string, 8> answers;
        std::vector<std::thread> threads;
        for (std::string& answer : answers)
            threads.emplace_back([&] { answer = run(method, parameters); });
        for (std::thread& thread : threads)
            thread.join();
        return answers;
    }

  private:
    std::string run(std::string_view method, const std::string& parameters) {
        std::string out;
        write([&](model::Records& records) -> Status {
            out.clear();
            STOA_TRY(const json::Value given, json::parse(parameters));
            const api::Services services{records.services(), methods, "test"};
            api::Identity identity;
            identity.actor = actor;
            identity.all_scopes = true;
            api::Call one{services, identity, records, api::Params(given), json::Writer(out)};
            return methods.find(api::Wire::v2, method)->handler(one);
        });
        return out;
    }

    std::int64_t last_push_ = 0;
};

}  // namespace stoa::chat::testing
