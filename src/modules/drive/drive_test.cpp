// The drive on a real store of records. Bytes are not looked at here: see src/rest/files.

#include "modules/drive/module.hpp"

#include <algorithm>
#include <future>

#include "api/file_links.hpp"
#include "api/testing/portal_fixture.hpp"
#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "json/writer.hpp"
#include "modules/drive/object_names.hpp"
#include "modules/drive/public_links.hpp"

namespace stoa::drive {
namespace {

constexpr UserId kAdmin = 1;
constexpr UserId kAnna = 2;
constexpr UserId kBert = 3;

class DriveTest : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(register_entities, add_methods);
        become(kAnna);
    }
    void become(UserId user, model::Role role = model::Role::employee) {
        actor.user = user;
        actor.role = user == kAdmin ? model::Role::admin : role;
        actor.departments.clear();
    }
    static std::string text(const json::Value& object, std::string_view name) {
        const json::Value* value = object.find(name);
        return value ? json::to_json(*value) : "(absent)";
    }
    static RecordId number(const json::Value& object, std::string_view name) {
        const json::Value* value = object.find(name);
        return value ? value->as_integer().value_or(0) : 0;
    }
    json::Value storage(std::string_view type) {
        const json::Value all =
            call("disk.storage.getList", R"({"filter":{"ENTITY_TYPE":")" + std::string(type) + "\"}}");
        for (const json::Value* one : all.items()) {
            if (type != "user" || text(*one, "ENTITY_ID") == "\"" + std::to_string(actor.user) + "\"") return *one;
        }
        return {};
    }
    RecordId root(std::string_view type = "user") { return number(storage(type), "ROOT_OBJECT_ID"); }
    RecordId folder(RecordId parent, const std::string& name) {
        return number(call("disk.folder.addSubFolder", with(parent, R"("data":{"NAME":")" + name + "\"}")), "ID");
    }
    static std::string with(RecordId id, const std::string& more) {
        return "{\"id\":" + std::to_string(id) + (more.empty() ? "" : "," + more) + "}";
    }
    static std::string upload_of(RecordId parent, const std::string& name, const std::string& content,
                                 const std::string& more = {}) {
        return with(parent, R"("data":{"NAME":")" + name + R"("},"fileContent":[")" + name + "\",\"" +
                                base64_encode(content) + "\"]" + more);
    }
    json::Value upload(RecordId parent, const std::string& name, const std::string& content = "Hello") {
        return call("disk.folder.uploadFile", upload_of(parent, name, content));
    }
    RecordId file(RecordId parent, const std::string& name, const std::string& content = "Hello") {
        return number(upload(parent, name, content), "ID");
    }
    std::vector<std::string> names(RecordId parent, const std::string& more = {}) {
        std::vector<std::string> out;
        const json::Value children = call("disk.folder.getChildren", with(parent, more));
        for (const json::Value* child : children.items())
            out.push_back(child->find("NAME")->string());
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
    using Names = std::vector<std::string>;
};

TEST_F(DriveTest, a_first_look_makes_the_own_and_the_common_storage_once) {
    EXPECT_EQ(count("disk_storages"), 0);
    const json::Value list = call("disk.storage.getList", "{}");
    ASSERT_EQ(list.array().size(), 2u);
    EXPECT_EQ(json::to_json(list.array()[0]),
              R"({"ID":"1","NAME":"Company Drive","CODE":null,"MODULE_ID":"disk","ENTITY_TYPE":"common",)"
              R"("ENTITY_ID":"shared_files_s1","ROOT_OBJECT_ID":"1"})");
    EXPECT_EQ(json::to_json(list.array()[1]),
              R"({"ID":"2","NAME":"User 2","CODE":null,"MODULE_ID":"disk","ENTITY_TYPE":"user","ENTITY_ID":"2",)"
              R"("ROOT_OBJECT_ID":"2"})");
    EXPECT_EQ(last_total, 2);
    call("disk.storage.getList", "{}");
    EXPECT_EQ(count("disk_storages"), 2);
    become(kBert);
    EXPECT_EQ(call("disk.storage.getList", "{}").array().size(), 2u);
    become(kAdmin);
    EXPECT_EQ(call("disk.storage.getList", "{}").array().size(), 4u);
    EXPECT_EQ(json::to_json(call("disk.storage.getTypes", "{}")), R"(["user","common","group"])");
}

TEST_F(DriveTest, a_new_folder_is_answered_as_clients_know_it) {
    clock.set_now(1'780'000'000);
    const json::Value made =
        call("disk.storage.addFolder", with(number(storage("user"), "ID"), R"("data":{"NAME":"New folder"})"));
    EXPECT_EQ(json::to_json(made),
              R"({"ID":3,"NAME":"New folder","CODE":null,"STORAGE_ID":"2","TYPE":"folder","REAL_OBJECT_ID":3,)"
              R"("PARENT_ID":"2","DELETED_TYPE":0,"CREATE_TIME":"2026-05-28T22:26:40+02:00",)"
              R"("UPDATE_TIME":"2026-05-28T22:26:40+02:00","DELETE_TIME":null,"CREATED_BY":"2","UPDATED_BY":"2",)"
              R"("DELETED_BY":null,"DETAIL_URL":"https://127.0.0.1/company/personal/user/2/disk/path/New%20folder"})");
    EXPECT_EQ(json::to_json(call("disk.folder.get", with(3, ""))),
              R"({"ID":"3","NAME":"New folder","CODE":null,"STORAGE_ID":"2","TYPE":"folder","REAL_OBJECT_ID":"3",)"
              R"("PARENT_ID":"2","DELETED_TYPE":"0","CREATE_TIME":"2026-05-28T22:26:40+02:00",)"
              R"("UPDATE_TIME":"2026-05-28T22:26:40+02:00","DELETE_TIME":null,"CREATED_BY":"2","UPDATED_BY":"2",)"
              R"("DELETED_BY":"0","DETAIL_URL":"https://127.0.0.1/company/personal/user/2/disk/path/New%20folder"})");
}

TEST_F(DriveTest, an_upload_makes_a_file_with_a_signed_link_and_a_first_version) {
    const RecordId deep = folder(folder(root(), "A"), "B");
    const json::Value made = upload(deep, "hello.txt", "Hello");
    EXPECT_EQ(text(made, "TYPE"), R"("file")");
    EXPECT_EQ(text(made, "SIZE"), R"("5")");
    EXPECT_EQ(text(made, "GLOBAL_CONTENT_VERSION"), "1");
    EXPECT_EQ(text(made, "REAL_OBJECT_ID"), "(absent)");
    EXPECT_EQ(text(made, "DETAIL_URL"), R"("https://127.0.0.1/company/personal/user/2/disk/file/A/B/hello.txt")");
    const std::string url = made.find("DOWNLOAD_URL")->string();
    const std::string token = url.substr(url.find("token=") + 6);
    EXPECT_EQ(api::ticket_account(token), 1);
    read([&](model::Records& records) -> Status {
        const std::string& key = records.metadata().account.file_key;
        STOA_TRY(const api::FileTicket ticket, api::open_ticket(token, key, clock.now()));
        EXPECT_EQ(ticket.file, number(made, "FILE_ID"));
        EXPECT_TRUE(api::open_ticket(token, key, clock.now() + limits::download_link_lifetime_s - 1).ok());
        EXPECT_FALSE(api::open_ticket(token, key, clock.now() + 2 * limits::download_link_lifetime_s).ok());
        EXPECT_FALSE(api::open_ticket(token + "A", key, clock.now()).ok());
        EXPECT_FALSE(api::open_ticket(token, "other", clock.now()).ok());
        EXPECT_FALSE(api::open_ticket(token, "", clock.now()).ok());
        return {};
    });
    const RecordId id = number(made, "ID");
    EXPECT_EQ(call("disk.file.getVersions", with(id, "")).array().size(), 1u);
    EXPECT_EQ(text(call("disk.file.get", with(id, "")), "SIZE"), R"("5")");
}

TEST_F(DriveTest, versions_follow_each_other_and_come_back) {
    const RecordId id = file(root(), "a.txt", "one");
    const json::Value second =
        call("disk.file.uploadVersion", with(id, R"("fileContent":["x.txt",")" + base64_encode("second") + "\"]"));
    EXPECT_EQ(text(second, "GLOBAL_CONTENT_VERSION"), "2");
    EXPECT_EQ(text(second, "SIZE"), R"("6")");
    EXPECT_EQ(text(second, "NAME"), R"("a.txt")");
    const json::Value versions = call("disk.file.getVersions", with(id, ""));
    ASSERT_EQ(versions.array().size(), 2u);
    EXPECT_EQ(text(versions.array()[0], "SIZE"), R"("6")");
    EXPECT_EQ(text(versions.array()[1], "SIZE"), R"("3")");
    EXPECT_EQ(call("disk.file.getVersions", with(id, R"("filter":{"<SIZE":5})")).array().size(), 1u);
    const RecordId first = number(versions.array()[1], "ID");
    EXPECT_EQ(text(call("disk.version.get", with(first, "")), "OBJECT_ID"), "\"" + std::to_string(id) + "\"");
    const json::Value back = call("disk.file.restoreFromVersion", with(id, "\"versionId\":" + std::to_string(first)));
    EXPECT_EQ(text(back, "SIZE"), R"("3")");
    EXPECT_EQ(text(back, "GLOBAL_CONTENT_VERSION"), "3");
    const RecordId other = file(root(), "b.txt");
    EXPECT_EQ(error_of("disk.file.restoreFromVersion", with(other, "\"versionId\":" + std::to_string(first))).api_code,
              "DISK_FILE_22004");
    become(kBert);
    EXPECT_EQ(error_of("disk.version.get", with(first, "")).api_code, "ERROR_NOT_FOUND");
}

TEST_F(DriveTest, names_are_unique_per_folder_and_made_unique_on_wish) {
    const RecordId top = root();
    folder(top, "Docs");
    EXPECT_EQ(error_of("disk.folder.addSubFolder", with(top, R"("data":{"NAME":"docs"})")).api_code, "DISK_OBJ_22000");
    EXPECT_EQ(error_of("disk.folder.uploadFile", upload_of(top, "DOCS", "x")).api_code, "DISK_OBJ_22000");
    file(top, "a.tar.gz");
    for (const char* expected : {"\"a.tar (1).gz\"", "\"a.tar (2).gz\""}) {
        const json::Value made =
            call("disk.folder.uploadFile", upload_of(top, "a.tar.gz", "x", R"(,"generateUniqueName":true)"));
        EXPECT_EQ(text(made, "NAME"), expected);
    }
    EXPECT_EQ(text(call("disk.folder.addSubFolder", with(top, R"("data":{"NAME":" a\/b:c* . "})")), "NAME"),
              R"("a_b_c_")");
    EXPECT_EQ(error_of("disk.folder.addSubFolder", with(top, R"("data":{"NAME":" . "})")).api_code,
              "DISK_BASE_SERVICE_22001");
    const std::string longest(255, 'n');
    folder(top, longest);
    EXPECT_EQ(error_of("disk.folder.addSubFolder", with(top, R"("data":{"NAME":")" + longest + "n\"}")).code,
              Errc::too_large);
    const json::Value cut =
        call("disk.folder.uploadFile", upload_of(top, longest, "x", R"(,"generateUniqueName":"Y")"));
    EXPECT_EQ(cut.find("NAME")->string(), std::string(251, 'n') + " (1)");
}

TEST_F(DriveTest, parameters_are_checked_as_documented) {
    const RecordId top = root();
    EXPECT_EQ(error_of("disk.folder.get", "{}").message, "Invalid value of parameter {Parameter #1}");
    EXPECT_EQ(error_of("disk.file.get", "{}").message, "Invalid value of parameter {Parameter #0}");
    EXPECT_EQ(error_of("disk.storage.get", R"({"id":99})").message, "Could not find entity with id `99`");
    EXPECT_EQ(error_of("disk.folder.addSubFolder", with(top, "")).api_code, "ERROR_ARGUMENT");
    EXPECT_EQ(error_of("disk.folder.uploadFile", with(top, R"("fileContent":["a","YQ=="])")).api_code,
              "DISK_BASE_SERVICE_22001");
    for (const char* content : {R"(["a","no base64!"])", R"(["a",""])", R"(["a"])", "5"}) {
        EXPECT_EQ(error_of("disk.folder.uploadFile",
                           with(top, std::string(R"("data":{"NAME":"a"},"fileContent":)") + content))
                      .api_code,
                  "ERROR_COULD_NOT_SAVE_FILE")
            << content;
    }
    EXPECT_EQ(error_of("disk.folder.uploadFile", upload_of(top, "a", "x", R"(,"rights":[{"TASK_ID":1}])")).message,
              "Invalid rights format");
    EXPECT_EQ(error_of("disk.folder.getChildren", with(top, R"("filter":{"NO_SUCH":1})")).code, Errc::invalid_argument);
    const RecordId id = file(top, "f");
    EXPECT_EQ(error_of("disk.folder.get", with(id, "")).api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(error_of("disk.file.get", with(top, "")).api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(error_of("disk.file.rename", with(id, R"("newName":"")")).api_code, "0");
    EXPECT_EQ(error_of("disk.file.uploadVersion", with(id, "")).api_code, "ERROR_ARGUMENT");
}

TEST_F(DriveTest, without_contents_an_upload_answers_with_an_address) {
    const RecordId top = root();
    const json::Value answer = call("disk.folder.uploadFile", with(top, R"("generateUniqueName":true)"));
    EXPECT_EQ(text(answer, "field"), R"("file")");
    const std::string url = answer.find("uploadUrl")->string();
    EXPECT_TRUE(url.starts_with("https://127.0.0.1/rest/upload.json?token=")) << url;
    read([&](model::Records& records) -> Status {
        STOA_TRY(const api::FileTicket ticket,
                 api::open_ticket(url.substr(url.find('=') + 1), records.metadata().account.file_key, clock.now()));
        EXPECT_EQ(ticket.method, "disk.folder.uploadFile");
        EXPECT_EQ(ticket.user, kAnna);
        EXPECT_EQ(json::to_json(ticket.parameters), R"({"id":2,"generateUniqueName":true})");
        return {};
    });
}

TEST_F(DriveTest, children_are_filtered_ordered_and_paged) {
    const RecordId top = root();
    for (int i = 0; i < 51; ++i)
        folder(top, "f" + std::to_string(100 + i));
    file(top, "a.txt", "12345");
    EXPECT_EQ(names(top).size(), 50u);
    EXPECT_EQ(last_total, 52);
    EXPECT_EQ(last_next, 50);
    EXPECT_EQ(names(top, R"("start":50)"), (Names{"f150", "a.txt"}));
    EXPECT_EQ(last_next, -1);
    EXPECT_EQ(names(top, R"("start":-1)").size(), 50u);
    EXPECT_EQ(last_total, -1);
    EXPECT_EQ(names(top, R"("filter":{"TYPE":"file"})"), (Names{"a.txt"}));
    EXPECT_EQ(names(top, R"("filter":{"%NAME":"14"},"order":{"NAME":"DESC"})").front(), "f149");
    EXPECT_EQ(names(top, R"("filter":{">SIZE":4})"), (Names{"a.txt"}));
    const json::Value in_root =
        call("disk.storage.getChildren", with(number(storage("user"), "ID"), R"("filter":{"=NAME":"f101"})"));
    EXPECT_EQ(in_root.array().size(), 1u);
}

TEST_F(DriveTest, the_trash_holds_what_was_thrown_away_together) {
    const RecordId top = root();
    const RecordId outer = folder(top, "outer");
    const RecordId inner = folder(outer, "inner");
    const RecordId early = file(inner, "early");
    const RecordId late = file(inner, "late");
    EXPECT_EQ(text(call("disk.file.markDeleted", with(early, "")), "DELETED_TYPE"), R"("3")");
    EXPECT_EQ(text(call("disk.folder.markDeleted", with(outer, "")), "DELETED_TYPE"), "3");
    EXPECT_EQ(names(top), Names{});
    for (const RecordId id : {early, late})
        EXPECT_EQ(error_of("disk.file.get", with(id, "")).api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(error_of("disk.folder.restore", with(outer, "")).api_code, "ACCESS_DENIED");
    EXPECT_EQ(error_of("disk.file.restore", with(early, "")).code, Errc::invalid_argument);
    folder(top, "outer");
    become(kAdmin);
    EXPECT_EQ(text(call("disk.folder.restore", with(outer, "")), "NAME"), "\"outer (1)\"");
    become(kAnna);
    EXPECT_EQ(names(inner), (Names{"late"}));
    file(inner, "EARLY");
    const json::Value back = call("disk.file.restore", with(early, ""));
    EXPECT_EQ(text(back, "NAME"), "\"early (1)\"");
    EXPECT_EQ(text(back, "DELETED_TYPE"), "0");
    EXPECT_EQ(error_of("disk.file.restore", with(early, "")).api_code, "ERROR_NOT_FOUND");
}

TEST_F(DriveTest, what_is_deleted_for_good_leaves_nothing_behind) {
    const RecordId top = root();
    const RecordId outer = folder(top, "outer");
    const RecordId inner = folder(outer, "inner");
    const RecordId id = file(inner, "a", "same");
    const RecordId other = file(top, "b", "same");
    call("disk.file.uploadVersion", with(id, R"("fileContent":["x",")" + base64_encode("new") + "\"]"));
    call("disk.file.getExternalLink", with(id, ""));
    call("disk.folder.shareToUser", with(inner, R"("userId":3,"taskName":"disk_access_read")"));
    call("disk.file.markDeleted", with(id, ""));
    EXPECT_EQ(count("files"), 3);
    EXPECT_EQ(count("file_blobs"), 0);
    EXPECT_EQ(json::to_json(call("disk.folder.deleteTree", with(outer, ""))), "true");
    EXPECT_EQ(count("disk_objects"), 3);
    EXPECT_EQ(count("disk_versions"), 1);
    EXPECT_EQ(count("disk_rights"), 0);
    EXPECT_EQ(count("disk_external_links"), 0);
    EXPECT_EQ(count("disk_object_ancestors"), 4);
    EXPECT_EQ(count("files"), 1);
    EXPECT_EQ(count("file_blobs"), 1) << "the bytes of 'same' are still named by the other file";
    call("disk.file.delete", with(other, ""));
    EXPECT_EQ(count("file_blobs"), 2);
    EXPECT_EQ(error_of("disk.folder.deleteTree", with(top, "")).message, "Could not delete root folder");
    EXPECT_EQ(error_of("disk.folder.markDeleted", with(top, "")).message, "Could not delete root folder");
}

TEST_F(DriveTest, garbage_is_given_up_after_its_grace_and_its_key_not_used_again) {
    const RecordId id = file(root(), "a", "bytes");
    call("disk.file.delete", with(id, ""));
    error_of("disk.folder.uploadFile", upload_of(99, "a", "never named"));
    const auto given_up = [&] { return *model::give_up_blobs(*database, clock.now(), 10); };
    clock.advance_s(limits::file_grace_s);
    EXPECT_EQ(given_up().size(), 0u);
    clock.advance_s(1);
    const auto old = given_up();
    ASSERT_EQ(old.size(), 2u);
    EXPECT_EQ(given_up().size(), 2u) << "what was not removed comes again";
    const std::string hash = sha256_hex("bytes");
    const std::string same = hash.substr(0, 2) + "/" + hash;
    const RecordId again = file(root(), "a", "bytes");
    const auto blob_of = [&](RecordId object) {
        std::string blob;
        read([&](model::Records& records) -> Status {
            auto system = records.as_system();
            STOA_TRY(const model::Record row, system.get(registry.entity("disk.object"), object));
            STOA_TRY(const model::Record bytes, system.get(registry.entity("file"), row.integer("FILE_ID")));
            blob = bytes.text("BLOB");
            return {};
        });
        return blob;
    };
    EXPECT_EQ(blob_of(again), same + "-1");
    for (const model::GivenUpBlob& blob : old) {
        std::promise<bool> forgotten;
        model::forget_blob(*database, blob, clock.now(), [&](const Status& done) { forgotten.set_value(done.ok()); });
        EXPECT_TRUE(forgotten.get_future().get());
    }
    EXPECT_EQ(blob_of(file(root(), "b", "bytes")), same + "-1");
    clock.advance_s(limits::file_grace_s + 1);
    EXPECT_EQ(given_up().size(), 0u);
    EXPECT_EQ(count("file_blobs"), 0);
    EXPECT_EQ(blob_of(file(root(), "c", "bytes")), same);
}

TEST_F(DriveTest, copies_share_bytes_and_nothing_else) {
    const RecordId top = root();
    const RecordId outer = folder(top, "outer");
    const RecordId id = file(outer, "a", "x");
    file(outer, "gone");
    call("disk.file.markDeleted", with(id + 1, ""));
    const RecordId target = folder(top, "target");
    const json::Value copy = call("disk.folder.copyTo", with(outer, "\"targetFolderId\":" + std::to_string(target)));
    EXPECT_EQ(text(copy, "NAME"), R"("outer")");
    EXPECT_EQ(names(number(copy, "ID")), (Names{"a"}));
    const json::Value again = call("disk.file.copyTo", with(id, "\"targetFolderId\":" + std::to_string(target)));
    EXPECT_NE(number(again, "FILE_ID"), number(call("disk.file.get", with(id, "")), "FILE_ID"));
    call("disk.file.delete", with(id, ""));
    EXPECT_EQ(text(call("disk.file.get", with(number(again, "ID"), "")), "SIZE"), R"("1")");
    EXPECT_EQ(error_of("disk.file.copyTo", with(number(again, "ID"), "\"targetFolderId\":" + std::to_string(target)))
                  .api_code,
              "DISK_OBJ_22000");
    EXPECT_EQ(error_of("disk.folder.copyTo", with(target, "\"targetFolderId\":" + std::to_string(target))).field,
              "targetFolderId");
}

TEST_F(DriveTest, moving_takes_along_what_lies_below) {
    const RecordId top = root();
    const RecordId outer = folder(top, "outer");
    const RecordId inner = folder(outer, "inner");
    const RecordId id = file(inner, "a");
    const RecordId target = folder(top, "target");
    const auto to = [](RecordId folder) { return "\"targetFolderId\":" + std::to_string(folder); };
    const json::Value moved = call("disk.folder.moveTo", with(outer, to(target)));
    EXPECT_EQ(text(moved, "PARENT_ID"), std::to_string(target));
    EXPECT_EQ(text(call("disk.file.get", with(id, "")), "DETAIL_URL"),
              R"("https://127.0.0.1/company/personal/user/2/disk/file/target/outer/inner/a")");
    EXPECT_EQ(error_of("disk.folder.moveTo", with(target, to(inner))).field, "targetFolderId");
    EXPECT_EQ(error_of("disk.folder.moveTo", with(top, to(inner))).message, "Could not move root folder");
    const RecordId common = root("common");
    EXPECT_EQ(error_of("disk.folder.moveTo", with(outer, to(common))).field, "targetFolderId");
    call("disk.file.moveTo", with(id, to(common)));
    become(kBert);
    EXPECT_EQ(names(common), (Names{"a"}));
    EXPECT_EQ(error_of("disk.file.delete", with(id, "")).api_code, "ACCESS_DENIED");
    become(kAnna);
    file(top, "a");
    EXPECT_EQ(error_of("disk.file.moveTo", with(id, to(top))).api_code, "DISK_OBJ_22000");
    call("disk.file.rename", with(id, R"("newName":"b")"));
    call("disk.file.moveTo", with(id, to(top)));
    become(kBert);
    EXPECT_EQ(error_of("disk.file.get", with(id, "")).api_code, "ERROR_NOT_FOUND");
    become(kAnna);
    EXPECT_EQ(error_of("disk.file.rename", with(id, R"("newName":"A")")).api_code, "DISK_OBJ_22000");
    EXPECT_EQ(text(call("disk.file.rename", with(id, R"("newName":"B")")), "NAME"), R"("B")");
}

TEST_F(DriveTest, personal_storages_are_private_and_the_common_one_is_shared) {
    const RecordId own = root();
    const RecordId secret = file(own, "secret");
    const RecordId common = root("common");
    const RecordId shared = file(common, "shared");
    become(kBert);
    root();
    for (const char* method : {"disk.file.get", "disk.file.delete", "disk.file.markDeleted", "disk.file.getVersions",
                               "disk.file.getExternalLink"}) {
        EXPECT_EQ(error_of(method, with(secret, "")).api_code, "ERROR_NOT_FOUND") << method;
    }
    EXPECT_EQ(error_of("disk.folder.getChildren", with(own, "")).api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(error_of("disk.folder.uploadFile", upload_of(own, "x", "x")).api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(error_of("disk.file.copyTo", with(shared, "\"targetFolderId\":" + std::to_string(own))).api_code,
              "ERROR_NOT_FOUND");
    EXPECT_EQ(names(common), (Names{"shared"}));
    call("disk.file.rename", with(shared, R"("newName":"renamed")"));
    EXPECT_EQ(error_of("disk.file.delete", with(shared, "")).api_code, "ACCESS_DENIED");
    become(4, model::Role::extranet);
    EXPECT_EQ(error_of("disk.folder.getChildren", with(common, "")).api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(call("disk.storage.getList", "{}").array().size(), 1u);
    become(kAdmin);
    EXPECT_EQ(text(call("disk.file.get", with(secret, "")), "NAME"), R"("secret")");
    create_account(2);
    actor.account = 2;
    EXPECT_EQ(error_of("disk.file.get", with(secret, "")).api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(call("disk.storage.getList", "{}").array().size(), 2u);
    EXPECT_EQ(names(root()), Names{});
}

TEST_F(DriveTest, rights_open_a_folder_and_all_below_it_to_the_level_given) {
    const RecordId outer = folder(root(), "outer");
    const RecordId inner = folder(outer, "inner");
    const RecordId id = file(inner, "a");
    const auto share = [&](RecordId user, const std::string& task) {
        become(kAnna);
        call("disk.folder.shareToUser",
             with(outer, "\"userId\":" + std::to_string(user) + ",\"taskName\":\"disk_access_" + task + "\""));
        become(user);
    };
    share(kBert, "read");
    EXPECT_EQ(names(inner), (Names{"a"}));
    EXPECT_EQ(error_of("disk.folder.uploadFile", upload_of(inner, "b", "x")).api_code, "ACCESS_DENIED");
    EXPECT_EQ(error_of("disk.folder.shareToUser", with(inner, R"("userId":4,"taskName":"disk_access_full")")).api_code,
              "ACCESS_DENIED");
    share(kBert, "add");
    file(inner, "b");
    EXPECT_EQ(error_of("disk.file.rename", with(id, R"("newName":"c")")).api_code, "ACCESS_DENIED");
    share(kBert, "edit");
    call("disk.file.rename", with(id, R"("newName":"c")"));
    EXPECT_EQ(error_of("disk.file.delete", with(id, "")).api_code, "ACCESS_DENIED");
    share(kBert, "full");
    call("disk.file.delete", with(id, ""));
    become(4, model::Role::extranet);
    actor.departments = {7};
    EXPECT_EQ(error_of("disk.folder.get", with(inner, "")).api_code, "ERROR_NOT_FOUND");
    become(kAnna);
    const json::Value for_department =
        call("disk.folder.uploadFile", upload_of(inner, "d", "x", R"(,"rights":[{"TASK_ID":71,"ACCESS_CODE":"D7"}])"));
    become(4, model::Role::extranet);
    actor.departments = {7};
    EXPECT_EQ(text(call("disk.file.get", with(number(for_department, "ID"), "")), "NAME"), R"("d")");
    EXPECT_EQ(call("disk.rights.getTasks", "{}").array().size(), 4u);
}

TEST_F(DriveTest, an_object_has_rights_up_to_a_limit) {
    const RecordId id = folder(root(), "many");
    const auto share = [](RecordId object, int user) {
        return with(object, "\"userId\":" + std::to_string(user) + R"(,"taskName":"disk_access_read")");
    };
    for (std::size_t user = 1; user <= limits::disk_rights_per_object_max; ++user)
        call("disk.folder.shareToUser", share(id, static_cast<int>(user)));
    EXPECT_EQ(error_of("disk.folder.shareToUser", share(id, 5'000)).code, Errc::too_large);
    call("disk.folder.shareToUser", share(id, 1));
    std::string rights = R"({"TASK_ID":71,"ACCESS_CODE":"*"})";
    for (std::size_t i = 0; i < limits::disk_rights_per_object_max; ++i)
        rights += R"(,{"TASK_ID":71,"ACCESS_CODE":"U)" + std::to_string(i) + "\"}";
    EXPECT_EQ(error_of("disk.storage.addFolder",
                       with(number(storage("user"), "ID"), R"("data":{"NAME":"x"},"rights":[)" + rights + "]"))
                  .code,
              Errc::too_large);
}

TEST_F(DriveTest, an_application_has_a_storage_of_its_own_that_it_may_rename) {
    become(kAdmin);
    const json::Value made = call("disk.storage.getForApp", "{}");
    EXPECT_EQ(text(made, "ENTITY_TYPE"), R"("restapp")");
    EXPECT_EQ(call("disk.storage.getForApp", "{}"), made);
    EXPECT_EQ(text(call("disk.storage.rename", with(number(made, "ID"), R"("newName":"Mine")")), "NAME"), R"("Mine")");
    EXPECT_EQ(error_of("disk.storage.rename", with(number(storage("user"), "ID"), R"("newName":"Mine")")).message,
              "Access denied (invalid type of storage)");
    EXPECT_EQ(error_of("disk.storage.rename", with(number(made, "ID"), "")).api_code, "ERROR_ARGUMENT");
    become(kAnna);
    EXPECT_EQ(error_of("disk.storage.getForApp", "{}").api_code, "ACCESS_DENIED");
}

TEST_F(DriveTest, links_are_signed_also_where_the_key_is_news) {
    const RecordId id = file(root(), "a");
    // Another process that has read the account before it had its first file.
    read([&](model::Records& records) -> Status {
        auto old = std::make_shared<model::Metadata>();
        old->account = records.metadata().account;
        old->account.file_key.clear();
        model::Records stale(records.services(), records.tx(), records.actor(), old);
        STOA_TRY(const api::FileLinks links, api::FileLinks::of(stale));
        const std::string url = links.download(id);
        return api::open_ticket(url.substr(url.find('=') + 1), records.metadata().account.file_key, clock.now()).ok()
                   ? Status()
                   : internal_error("not signed");
    });
}

TEST_F(DriveTest, garbage_is_given_up_in_bounded_portions) {
    for (int i = 0; i < 3; ++i)
        error_of("disk.folder.uploadFile", upload_of(99, "a", "garbage " + std::to_string(i)));
    clock.advance_s(limits::file_grace_s + 1);
    EXPECT_EQ(model::give_up_blobs(*database, clock.now(), 2)->size(), 2u);
    EXPECT_EQ(model::give_up_blobs(*database, clock.now(), 3)->size(), 3u);
}

TEST_F(DriveTest, a_public_link_shows_what_is_there_now) {
    const RecordId inner = folder(root(), "inner");
    const RecordId id = file(inner, "a", "12345");
    const json::Value link = call("disk.file.getExternalLink", with(id, ""));
    EXPECT_EQ(call("disk.file.getExternalLink", with(id, "")), link);
    const std::string code = link.string().substr(link.string().find('~'));
    ASSERT_TRUE(code.starts_with("~1-")) << code;
    const std::string of_folder = call("disk.folder.getExternalLink", with(inner, "")).string();
    const auto opened = [&](const std::string& address) {
        Result<api::PublicPage> page = not_found("");
        read([&](model::Records& records) -> Status {
            page = open_public_link(records, address.substr(address.find('-') + 1));
            return {};
        });
        return page;
    };
    ASSERT_TRUE(opened(code).ok());
    EXPECT_EQ(opened(code)->files.front().bytes, 5);
    EXPECT_EQ(opened(of_folder)->files.size(), 1u);
    EXPECT_TRUE(opened(of_folder)->folder);
    call("disk.file.markDeleted", with(id, ""));
    EXPECT_EQ(opened(code).error().code, Errc::not_found);
    EXPECT_EQ(opened(of_folder)->files.size(), 0u);
    EXPECT_EQ(opened("~1-nothing").error().code, Errc::not_found);
}

TEST_F(DriveTest, folders_lie_in_each_other_up_to_a_limit) {
    RecordId at = root();
    for (int depth = 1; depth < limits::disk_depth_max; ++depth)
        at = folder(at, "f");
    EXPECT_EQ(error_of("disk.folder.addSubFolder", with(at, R"("data":{"NAME":"f"})")).code, Errc::too_large);
}

TEST_F(DriveTest, trees_up_to_a_limit_are_taken_at_once) {
    const RecordId big = folder(root(), "big");
    write([&](model::Records& records) -> Status {
        auto system = records.as_system();
        for (int i = 1; i < limits::disk_tree_objects_max; ++i) {
            model::Changes row(registry.entity("disk.object"));
            row.set("NAME", "f" + std::to_string(i));
            row.set("TYPE", std::string("folder"));
            row.set("STORAGE_ID", std::int64_t{2});
            row.set("OWNER_ID", kAnna);
            row.set("PARENT_ID", big);
            auto added = system.add(std::move(row));
            if (!added) return added.error();
        }
        return {};
    });
    const RecordId target = folder(root(), "target");
    call("disk.folder.moveTo", with(big, "\"targetFolderId\":" + std::to_string(target)));
    folder(big, "one more");
    EXPECT_EQ(error_of("disk.folder.markDeleted", with(big, "")).code, Errc::too_large);
    EXPECT_EQ(error_of("disk.folder.deleteTree", with(target, "")).code, Errc::too_large);
}

TEST_F(DriveTest, fields_are_described) {
    const json::Value fields = call("disk.file.getFields", "{}");
    EXPECT_EQ(text(fields, "TYPE"), R"({"TYPE":"enum","USE_IN_FILTER":true,"USE_IN_SHOW":true})");
    EXPECT_EQ(text(fields, "SIZE"), R"({"TYPE":"integer","USE_IN_FILTER":false,"USE_IN_SHOW":true})");
    EXPECT_EQ(call("disk.storage.getFields", "{}").object().size(), 7u);
    EXPECT_EQ(call("disk.folder.getFields", "{}").object().size(), 14u);
}

}  // namespace
}  // namespace stoa::drive
