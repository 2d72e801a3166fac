#pragma once
// A portal with a few users as plain rows (the people module is not needed for them). One thread.

#include <string>
#include <vector>

#include "api/testing/portal_fixture.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "model/push_outbox.hpp"
#include "modules/notify/module.hpp"
#include "modules/notify/notify.hpp"

namespace stoa::notify::testing {

inline constexpr const char* kUserEntity = R"({
  "name": "user", "table": "users", "access": "people", "owner": "ID",
  "fields": [{"name": "ID", "type": "id"}, {"name": "ACTIVE", "type": "boolean", "default": "1"}, {"name": "NAME"},
             {"name": "LAST_NAME"}, {"name": "EMAIL"}, {"name": "WORK_POSITION"}, {"name": "PERSONAL_GENDER"},
             {"name": "PERSONAL_BIRTHDAY", "type": "date"}, {"name": "PERSONAL_PHOTO", "type": "file"},
             {"name": "PERSONAL_WWW"}, {"name": "PERSONAL_MOBILE"}, {"name": "WORK_PHONE"},
             {"name": "UF_PHONE_INNER"}, {"name": "USER_TYPE"}, {"name": "TIME_ZONE"},
             {"name": "LAST_ACTIVITY_DATE", "type": "datetime"},
             {"name": "UF_DEPARTMENT", "type": "links", "target": "user", "link_table": "user_departments"}]
})";

/// Remembers what it was told.
class HeardReplies final : public ReplyListener {
  public:
    Result<std::optional<std::string>> confirmed(model::Records&, const model::Record& notification,
                                                 const std::string& value) override {
        return hear(notification.text("TAG") + "=" + value);
    }
    Result<std::optional<std::string>> answered(model::Records&, const model::Record& notification,
                                                const std::string& text) override {
        return hear(notification.text("TAG") + ":" + text);
    }
    std::vector<std::string> heard;
    bool refuses = false;

  private:
    Result<std::optional<std::string>> hear(std::string what) {
        if (refuses) return forbidden("Too late.");
        heard.push_back(std::move(what));
        return std::optional<std::string>("Thank you.");
    }
};

class NotifyFixture : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [](model::Registry& all) -> Status {
                STOA_CHECK(all.add(kUserEntity));
                return register_entities(all);
            },
            [this](api::MethodTable& table) { add_methods(table, &replies); });
        for (const char* name : {"Ada", "Bob", "Cy"})
            add_user(name);
        become(2);
    }

    void add_user(const char* name, bool active = true) {
        write([&](model::Records& records) -> Status {
            model::Changes changes(records.services().registry.entity("user"));
            changes.set("NAME", std::string(name));
            changes.set("ACTIVE", std::int64_t{active});
            return records.as_system().add(std::move(changes)) ? Status() : Status(forbidden());
        });
    }
    void become(UserId user) {
        actor.user = user;
        actor.role = user == 1 ? model::Role::admin : model::Role::employee;
    }

    Notification to(UserId receiver, std::string tag = {}) const {
        Notification given;
        given.receiver = receiver;
        given.author = 1;
        given.module = "tasks";
        given.event = "comment";
        given.tag = std::move(tag);
        given.text = "Hello";
        return given;
    }
    Result<RecordId> try_notify(const Notification& given) {
        Result<RecordId> id = RecordId{0};
        write([&](model::Records& records) -> Status {
            id = notify(records, given);
            return {};
        });
        return id;
    }
    RecordId send(const Notification& given) {
        const auto id = try_notify(given);
        EXPECT_TRUE(id.ok()) << id.error().message;
        return id.value_or(-1);
    }

    /// im.notify.get of the caller: ids, newest first.
    std::vector<std::int64_t> listed(std::string_view parameters = "{}") {
        std::vector<std::int64_t> ids;
        const json::Value page = call("im.notify.get", parameters);
        for (const json::Value* row : page.find("notifications")->items())
            ids.push_back(row->find("id")->integer());
        return ids;
    }
    std::int64_t unread() {
        const json::Value page = call("im.notify.get", "{}");
        const json::Value* count = page.find("total_unread_count");
        return count ? count->integer() : 0;
    }

    /// Messages to clients since the last look.
    std::vector<model::StoredPush> pushes() {
        model::PushOutbox* outbox = nullptr;
        read([&](model::Records& records) -> Status {
            outbox = &records.services().pushes;
            return {};
        });
        auto taken = outbox->take_of(actor.account, seen_push_, 1'000);
        EXPECT_TRUE(taken.ok());
        if (!taken->empty()) seen_push_ = taken->back().id;
        return std::move(*taken);
    }
    std::vector<std::string> commands() {
        std::vector<std::string> out;
        for (const model::StoredPush& stored : pushes())
            out.push_back(stored.push.command);
        return out;
    }

    using Ids = std::vector<std::int64_t>;
    using Texts = std::vector<std::string>;
    HeardReplies replies;

  private:
    std::int64_t seen_push_ = 0;
};

}  // namespace stoa::notify::testing
