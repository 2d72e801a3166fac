// Files in fields of records, and what becomes of them when records change.

#include "api/file_fields.hpp"

#include "api/content_type.hpp"
#include "api/file_links.hpp"
#include "api/testing/portal_fixture.hpp"
#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::api {
namespace {

constexpr const char* kPerson = R"({
  "name": "lib.person", "table": "persons", "scope": "lib", "access": "crm.person", "user_fields": "LIB_PERSON",
  "v2": {"prefix": "lib.person", "methods": ["add", "get", "list", "update", "delete", "fields"]},
  "fields": [
    {"name": "ID", "type": "id"},
    {"name": "NAME", "type": "string"},
    {"name": "PHOTO", "type": "file"}
  ]
})";

std::string pair(const std::string& name, const std::string& content) {
    return "[\"" + name + "\",\"" + base64_encode(content) + "\"]";
}

class FileFieldsTest : public testing::PortalFixture {
  protected:
    void SetUp() override {
        open([](model::Registry& entities) { return entities.add(kPerson); }, [](MethodTable&) {});
        write([](model::Records& records) -> Status {
            for (const char* name : {"UF_SCANS", "UF_CARD"}) {
                model::Changes field(records.services().registry.entity("user_field"));
                field.set("ENTITY_ID", std::string("LIB_PERSON"));
                field.set("FIELD_NAME", std::string(name));
                field.set("USER_TYPE_ID", std::string("file"));
                field.set("MULTIPLE", std::int64_t{name == std::string("UF_SCANS")});
                auto added = records.as_system().add(std::move(field));
                if (!added) return added.error();
            }
            records.services().metadata.invalidate_on_commit(records.write_tx());
            return {};
        });
    }
    RecordId add(const std::string& fields) {
        return call("lib.person.add", "{\"fields\":{" + fields + "}}").integer();
    }
    void update(RecordId id, const std::string& fields) {
        call("lib.person.update", "{\"id\":" + std::to_string(id) + ",\"fields\":{" + fields + "}}");
    }
    Error refused(RecordId id, const std::string& fields) {
        return error_of("lib.person.update", "{\"id\":" + std::to_string(id) + ",\"fields\":{" + fields + "}}");
    }
    json::Value person(RecordId id) { return call("lib.person.get", "{\"id\":" + std::to_string(id) + "}"); }
    RecordId photo(RecordId id) {
        const json::Value record = person(id);
        const json::Value* file = record.find("PHOTO")->find("id");
        return file ? file->integer() : 0;
    }
    std::vector<RecordId> scans(RecordId id) {
        std::vector<RecordId> out;
        const json::Value record = person(id);
        for (const json::Value* file : record.find("UF_SCANS")->items())
            out.push_back(file->find("id")->integer());
        return out;
    }
    std::vector<std::string> stored() {
        std::vector<std::string> names;
        read([&](model::Records& records) -> Status {
            STOA_TRY(const auto rows, records.as_system().list(registry.entity("file"), {}));
            for (const model::Record& row : rows)
                names.push_back(row.text("NAME"));
            return {};
        });
        return names;
    }
    using Names = std::vector<std::string>;
    using Ids = std::vector<RecordId>;
};

TEST_F(FileFieldsTest, a_field_takes_a_file_in_every_form_and_shows_its_links) {
    const RecordId id = add("\"PHOTO\":{\"fileData\":" + pair("a.png", "\x89PNG\r\n\x1a\n") + "}");
    const json::Value shown = *person(id).find("PHOTO");
    EXPECT_EQ(shown.find("id")->integer(), 1);
    const std::string url = shown.find("downloadUrl")->string();
    EXPECT_TRUE(url.starts_with("https://127.0.0.1/rest/download.json?token=")) << url;
    EXPECT_NE(shown.find("showUrl")->string(), url);
    EXPECT_EQ(photo(add("\"PHOTO\":" + pair("b", "x"))), 2);
    EXPECT_EQ(photo(add(R"("PHOTO":{"fileData":"eA=="})")), 3);
    EXPECT_EQ(photo(add("\"PHOTO\":{\"0\":\"c\",\"1\":\"eA==\"}")), 4);
    EXPECT_EQ(stored(), (Names{"a.png", "b", "file", "c"}));
    EXPECT_EQ(json::to_json(*person(add("\"NAME\":\"n\"")).find("PHOTO")), "null");
    EXPECT_EQ(call("lib.person.list", "{}").array().size(), 5u);
    EXPECT_EQ(json::to_json(*call("lib.person.fields", "{}").find("PHOTO")->find("type")), "\"file\"");
}

TEST_F(FileFieldsTest, a_new_file_replaces_the_old_one_and_nothing_empties_the_field) {
    const RecordId id = add("\"PHOTO\":" + pair("a", "1"));
    update(id, "\"NAME\":\"other\"");
    EXPECT_EQ(photo(id), 1);
    update(id, "\"PHOTO\":1");
    EXPECT_EQ(photo(id), 1);
    update(id, "\"PHOTO\":{\"id\":\"1\"}");
    EXPECT_EQ(photo(id), 1);
    update(id, "\"PHOTO\":" + pair("b", "2"));
    EXPECT_EQ(stored(), (Names{"b"}));
    update(id, R"("PHOTO":{"id":2,"remove":"Y"})");
    EXPECT_EQ(stored(), Names{});
    update(id, "\"PHOTO\":" + pair("c", "3"));
    update(id, "\"PHOTO\":\"\"");
    EXPECT_EQ(stored(), Names{});
    update(id, "\"PHOTO\":" + pair("d", "4"));
    update(id, "\"PHOTO\":null");
    EXPECT_EQ(stored(), Names{});
}

TEST_F(FileFieldsTest, a_multiple_field_keeps_what_is_named_again) {
    const RecordId id = add("\"UF_SCANS\":[" + pair("a", "1") + "," + pair("b", "2") + "]");
    EXPECT_EQ(scans(id), (Ids{1, 2}));
    update(id, "\"UF_SCANS\":[2,{\"fileData\":" + pair("c", "3") + "}]");
    EXPECT_EQ(scans(id), (Ids{2, 3}));
    EXPECT_EQ(stored(), (Names{"b", "c"}));
    update(id, "\"UF_SCANS\":[{\"id\":2},{\"id\":3,\"remove\":\"Y\"}]");
    EXPECT_EQ(scans(id), (Ids{2}));
    update(id, "\"UF_CARD\":" + pair("card", "4"));
    EXPECT_EQ(scans(id), (Ids{2}));
    update(id, "\"UF_SCANS\":[]");
    EXPECT_EQ(stored(), (Names{"card"}));
    update(id, "\"UF_SCANS\":" + pair("one", "5"));
    EXPECT_EQ(scans(id), (Ids{5}));
}

TEST_F(FileFieldsTest, files_go_with_their_record) {
    const RecordId id = add("\"PHOTO\":" + pair("a", "1") + ",\"UF_SCANS\":[" + pair("b", "2") + "]");
    const RecordId other = add("\"PHOTO\":" + pair("c", "1"));
    call("lib.person.delete", "{\"id\":" + std::to_string(id) + "}");
    EXPECT_EQ(stored(), (Names{"c"}));
    EXPECT_EQ(photo(other), 3);
}

TEST_F(FileFieldsTest, nobody_can_take_over_a_file_by_its_number) {
    const RecordId mine = add("\"PHOTO\":" + pair("a", "1"));
    const RecordId other = add("\"PHOTO\":" + pair("b", "2"));
    for (const char* fields :
         {R"("PHOTO":2)", R"("PHOTO":{"id":2})", R"("UF_CARD":2)", R"("UF_SCANS":[2])", R"("PHOTO":99)"}) {
        EXPECT_EQ(refused(mine, fields).code, Errc::invalid_argument) << fields;
    }
    EXPECT_EQ(photo(other), 2);
    EXPECT_EQ(photo(mine), 1);
    for (const char* fields : {R"("PHOTO":"text")", R"("PHOTO":[1,2,3])", R"("PHOTO":{"x":"y"})", R"("UF_CARD":"text")",
                               R"("PHOTO":{"fileData":["a","!"]})", R"("PHOTO":["a",""])", R"("PHOTO":-1)"}) {
        EXPECT_EQ(refused(mine, fields).code, Errc::invalid_argument) << fields;
    }
    EXPECT_EQ(stored(), (Names{"a", "b"}));
}

TEST(FileInput, looks_only_where_files_can_be) {
    const auto may = [](const char* text) { return may_hold_files(*json::parse(text)); };
    EXPECT_TRUE(may(R"({"fields":{"PHOTO":["a","b"]}})"));
    EXPECT_TRUE(may(R"({"fields":{"PHOTO":{"filedata":5}}})"));
    EXPECT_TRUE(may(R"({"x":{"0":"a","1":"b"}})"));
    EXPECT_FALSE(may(R"({"fields":{"TITLE":"a","PHONE":[{"VALUE":"1","VALUE_TYPE":"WORK"}]}})"));
    EXPECT_FALSE(may(R"({"x":["a"],"y":["a","b","c"],"z":[1,2],"order":{"a":"b","c":"d"}})"));
}

TEST(FileInput, names_are_never_paths) {
    EXPECT_EQ(FileContent::make("../../etc/passwd", "x").name, "passwd");
    EXPECT_EQ(FileContent::make("C:\\x\\y.txt", "x").name, "y.txt");
    EXPECT_EQ(FileContent::make("a", "Hello").sha256,
              "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969");
}

TEST(ContentType, is_found_in_the_bytes_and_is_never_one_that_runs) {
    EXPECT_EQ(sniff_content_type("\xff\xd8\xff\xe0"), "image/jpeg");
    EXPECT_EQ(sniff_content_type("GIF89a"), "image/gif");
    EXPECT_EQ(sniff_content_type("RIFF1234WEBPVP8 "), "image/webp");
    EXPECT_EQ(sniff_content_type("%PDF-1.7"), "application/pdf");
    EXPECT_EQ(sniff_content_type(std::string_view("PK\x03\x04")), "application/zip");
    EXPECT_EQ(sniff_content_type("1234ftypisom"), "video/mp4");
    for (const char* text : {"", "<html>", "<svg", "<?xml", "GIF8", "\x89PN", "#!/bin/sh", "RIFF1234AVI "}) {
        EXPECT_EQ(sniff_content_type(text), "application/octet-stream") << text;
    }
    EXPECT_FALSE(may_show_inline("application/pdf"));
    EXPECT_FALSE(may_show_inline("application/octet-stream"));
    EXPECT_TRUE(may_show_inline("image/png"));
}

TEST(FileLinks, stay_the_same_within_an_hour) {
    model::AccountInfo account;
    account.id = 7;
    account.url = "https://x";
    account.file_key = "key";
    constexpr UnixSeconds kHour = limits::download_link_lifetime_s;
    const UnixSeconds full_hour = 1'780'000'000 / kHour * kHour;
    const std::string url = FileLinks(account, full_hour).download(5);
    EXPECT_EQ(url, FileLinks(account, full_hour + kHour - 1).download(5));
    EXPECT_NE(url, FileLinks(account, full_hour + kHour).download(5));
    EXPECT_NE(url, FileLinks(account, full_hour).show(5));
    const std::string token = url.substr(url.find('=') + 1);
    EXPECT_EQ(ticket_account(token), 7);
    EXPECT_TRUE(open_ticket(token, "key", full_hour + 2 * kHour - 1).ok());
    EXPECT_EQ(open_ticket(token, "key", full_hour + 2 * kHour).error().api_code, "EXPIRED_TOKEN");
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string forged = token;
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        const auto opened = open_ticket(forged, "key", full_hour);
        // The last character of base64 holds bits that no byte uses.
        EXPECT_TRUE(!opened || i + 1 == token.size() || forged[i + 1] == '.') << i;
    }
    for (const char* nonsense : {"", ".", "x", "W10", "W10.", "WzEsMiwzLDRd.AAAA"})
        EXPECT_EQ(ticket_account(nonsense), 0) << nonsense;
}

}  // namespace
}  // namespace stoa::api
