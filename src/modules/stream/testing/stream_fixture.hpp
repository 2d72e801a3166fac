#pragma once
// A small company: 1 Ada (administrator), 2 Bob (department 1), 3 Cy (department 2, below 1), 4 Dee (none), 5 Eve from
// outside. People, departments and the drive are plain rows here. One thread.

#include <string>
#include <vector>

#include "api/testing/portal_fixture.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "model/push_outbox.hpp"
#include "model/stored_files.hpp"
#include "modules/stream/module.hpp"

namespace stoa::stream::testing {

inline constexpr const char* kOtherEntities[] = {
    R"({"name": "user", "table": "users", "access": "people", "owner": "ID",
        "fields": [{"name": "ID", "type": "id"}, {"name": "NAME"}, {"name": "LAST_NAME"},
                   {"name": "UF_DEPARTMENT", "type": "links", "target": "department",
                    "link_table": "user_departments"}]})",
    R"({"name": "department", "table": "departments", "access": "departments",
        "fields": [{"name": "ID", "type": "id"}, {"name": "PARENT", "type": "integer"}]})",
    R"({"name": "disk.object", "table": "disk_objects", "access": "personal", "owner": "CREATED_BY",
        "fields": [{"name": "ID", "type": "id"}, {"name": "NAME"}, {"name": "TYPE"},
                   {"name": "DELETED_TYPE", "type": "integer"}, {"name": "FILE_ID", "type": "integer"},
                   {"name": "SIZE", "type": "integer"}, {"name": "CREATE_TIME", "type": "datetime", "default": "@now"},
                   {"name": "CREATED_BY", "type": "user", "default": "@user"}]})",
    R"({"name": "disk.attached_object", "table": "disk_attached_objects",
        "fields": [{"name": "ID", "type": "id"}, {"name": "OBJECT_ID", "type": "integer"}, {"name": "MODULE_ID"},
                   {"name": "ENTITY_TYPE"}, {"name": "ENTITY_ID", "type": "integer"}]})"};

/// Remembers what it was told.
class Heard final : public StreamListener {
  public:
    Status post_addressed(model::Records&, const model::Record& post, const std::vector<std::string>& named) override {
        std::string line = "post " + std::to_string(post.id());
        for (const std::string& code : named)
            line += " " + code;
        lines.push_back(line);
        return {};
    }
    Status post_removed(model::Records&, RecordId post) override {
        lines.push_back("removed " + std::to_string(post));
        return {};
    }
    Status comment_added(model::Records&, const model::Record&, const model::Record& comment,
                         const std::vector<UserId>& followers) override {
        std::string line = "comment " + std::to_string(comment.id());
        for (const UserId user : followers)
            line += " " + std::to_string(user);
        lines.push_back(line);
        return {};
    }
    Status liked(model::Records&, const model::Record& post, UserId author, UserId by) override {
        lines.push_back("like " + std::to_string(post.id()) + " of " + std::to_string(author) + " by " +
                        std::to_string(by));
        return {};
    }
    std::vector<std::string> lines;
};

class StreamFixture : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [this](model::Registry& all) -> Status {
                for (const char* entity : kOtherEntities)
                    STOA_CHECK(all.add(entity));
                return register_entities(all, &heard);
            },
            [](api::MethodTable& table) { add_methods(table, keep_file); });
        add_row("department", {{"PARENT", db::Value()}}, {});
        add_row("department", {{"PARENT", std::int64_t{1}}}, {});
        add_row("user", {{"NAME", std::string("Ada")}}, {});
        add_row("user", {{"NAME", std::string("Bob")}}, {1});
        add_row("user", {{"NAME", std::string("Cy")}}, {2});
        add_row("user", {{"NAME", std::string("Dee")}}, {});
        add_row("user", {{"NAME", std::string("Eve")}}, {});
        become(2);
    }

    RecordId add_row(const char* entity, std::vector<std::pair<const char*, db::Value>> values,
                     std::vector<RecordId> departments = {}) {
        RecordId id = 0;
        write([&](model::Records& records) -> Status {
            model::Changes changes(records.services().registry.entity(entity));
            for (const auto& [name, value] : values)
                changes.set(name, value);
            if (!departments.empty()) changes.links.emplace_back(&changes.entity().field("UF_DEPARTMENT"), departments);
            STOA_TRY(id, records.as_system().add(std::move(changes)));
            return {};
        });
        return id;
    }
    RecordId add_drive_file(UserId owner, const char* type = "file") {
        return add_row("disk.object", {{"NAME", std::string("a.txt")},
                                       {"TYPE", std::string(type)},
                                       {"DELETED_TYPE", std::int64_t{0}},
                                       {"CREATED_BY", owner}});
    }

    void become(UserId user) {
        actor.user = user;
        actor.role = user == 1 ? model::Role::admin : user == 5 ? model::Role::extranet : model::Role::employee;
        actor.departments.clear();
        if (user == 2 || user == 3) actor.departments = {user - 1};
    }

    RecordId post(std::string_view more = "") {
        return call("log.blogpost.add", R"({"POST_MESSAGE":"Hello")" + std::string(more) + "}").integer();
    }
    RecordId comment(RecordId on, const std::string& text) {
        return call("log.blogcomment.add", R"({"POST_ID":)" + std::to_string(on) + R"(,"TEXT":")" + text + "\"}")
            .integer();
    }
    /// Numbers of the posts that the caller sees.
    std::vector<std::string> seen(std::string_view parameters = "{}") {
        std::vector<std::string> ids;
        const json::Value rows = call("log.blogpost.get", parameters);
        for (const json::Value* row : rows.items())
            ids.push_back(row->find("ID")->string());
        return ids;
    }
    json::Value shown(RecordId id) {
        const json::Value rows = call("log.blogpost.get", R"({"POST_ID":)" + std::to_string(id) + "}");
        return rows.items().empty() ? json::Value() : *rows.items().front();
    }

    /// Messages to clients since the last look.
    std::vector<model::Push> pushes() {
        model::PushOutbox* outbox = nullptr;
        read([&](model::Records& records) -> Status {
            outbox = &records.services().pushes;
            return {};
        });
        auto taken = outbox->take_of(actor.account, seen_push_, 1'000);
        EXPECT_TRUE(taken.ok());
        std::vector<model::Push> out;
        for (model::StoredPush& stored : *taken) {
            seen_push_ = stored.id;
            out.push_back(std::move(stored.push));
        }
        return out;
    }
    std::int64_t rows_in(const char* table) {
        std::int64_t rows = -1;
        read([&](model::Records& records) -> Status {
            STOA_TRY(rows, records.tx().count(table, db::Condition::always()));
            return {};
        });
        return rows;
    }

    using Texts = std::vector<std::string>;
    using Users = std::vector<UserId>;
    Heard heard;

  private:
    /// As the drive does it, less its folders.
    static Result<RecordId> keep_file(api::Call& call, const model::StoredContent& content) {
        STOA_TRY(const RecordId file, model::add_file(call.records, content, model::kDriveOwner));
        model::Changes changes(call.registry().entity("disk.object"));
        changes.set("NAME", content.name);
        changes.set("TYPE", std::string("file"));
        changes.set("DELETED_TYPE", std::int64_t{0});
        changes.set("FILE_ID", file);
        changes.set("SIZE", content.bytes);
        return call.records.add(std::move(changes));
    }

    std::int64_t seen_push_ = 0;
};

}  // namespace stoa::stream::testing
