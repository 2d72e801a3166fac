// Mailbox methods on a real store.

#include "api/testing/portal_fixture.hpp"
#include "json/writer.hpp"
#include "modules/mail/module.hpp"
#include "modules/mail/names.hpp"

namespace stoa::mail {
namespace {

class MailTest : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(register_entities, add_methods);
        become(2);
    }
    void become(UserId user) {
        actor.user = user;
        actor.role = user == 1 ? model::Role::admin : model::Role::employee;
    }
    std::string answer(std::string_view method, std::string_view parameters = "{}") {
        return json::to_json(call("mail.mailbox." + std::string(method), parameters, api::Wire::v3));
    }
    using Ids = std::vector<std::int64_t>;
    Ids listed(std::string_view parameters) {
        const json::Value found = call("mail.mailbox.list", parameters, api::Wire::v3);
        Ids ids;
        for (const json::Value* row : found.find("items")->items())
            ids.push_back(row->find("id")->integer());
        return ids;
    }
    Error refusal(std::string_view method, std::string_view parameters) {
        return error_of("mail.mailbox." + std::string(method), parameters, api::Wire::v3);
    }
};

constexpr const char* kWork =
    R"({"fields":{"name":"Work email","email":"User@Example.com","senderName":"John Smith"}})";

TEST_F(MailTest, a_mailbox_is_added_read_changed_and_deleted_by_its_owner) {
    EXPECT_EQ(answer("list"), R"({"items":[]})");
    EXPECT_EQ(answer("add", kWork), R"({"item":{"id":1}})");
    EXPECT_EQ(answer("get", R"({"id":1,"select":["id","email"]})"), R"({"item":{"id":1,"email":"user@example.com"}})");
    answer("update", R"({"id":1,"fields":{"name":"","email":"other@example.com"}})");
    EXPECT_EQ(answer("list"),
              R"({"items":[{"id":1,"name":"user@example.com","email":"user@example.com","senderName":"John Smith"}]})");
    answer("delete", R"({"id":1})");
    EXPECT_EQ(refusal("get", R"({"id":1})").code, Errc::not_found);
}

TEST_F(MailTest, lists_hold_ones_own_mailboxes_by_fragments_and_pages) {
    answer("add", kWork);
    answer("add", R"({"fields":{"email":"home_1@example.net"}})");
    become(1);
    EXPECT_EQ(answer("list"), R"({"items":[]})");
    EXPECT_EQ(answer("get", R"({"id":1,"select":["id"]})"), R"({"item":{"id":1}})");
    become(3);
    EXPECT_EQ(refusal("get", R"({"id":1})").code, Errc::not_found);
    EXPECT_EQ(refusal("delete", R"({"id":1})").code, Errc::not_found);
    become(2);
    EXPECT_EQ(listed(R"({"name":"WORK"})"), (Ids{1}));
    EXPECT_EQ(listed(R"({"email":"e_1@"})"), (Ids{2}));
    EXPECT_EQ(listed(R"({"email":"r_e"})"), Ids{});
    EXPECT_EQ(listed(R"({"pagination":{"page":2,"limit":1}})"), (Ids{2}));
    for (const char* bad : {R"({"limit":"abc"})", R"({"limit":0})", R"({"limit":101})"}) {
        EXPECT_EQ(refusal("list", std::string(R"({"pagination":)") + bad + "}").api_code,
                  "BITRIX_REST_V3_EXCEPTION_INVALIDPAGINATIONEXCEPTION");
    }
}

TEST_F(MailTest, a_mailbox_sends_under_both_its_names) {
    answer("add", kWork);
    answer("add", R"({"fields":{"name":"Jo","email":"jo@example.com","senderName":"Jo"}})");
    EXPECT_EQ(answer("senders"),
              R"({"items":[{"email":"user@example.com","name":"John Smith","sender":"John Smith <user@example.com>"},)"
              R"({"email":"user@example.com","name":"Work email","sender":"Work email <user@example.com>"},)"
              R"({"email":"jo@example.com","name":"Jo","sender":"Jo <jo@example.com>"}]})");
    EXPECT_EQ(answer("senders", R"({"pagination":{"page":2,"limit":2}})"),
              R"({"items":[{"email":"jo@example.com","name":"Jo","sender":"Jo <jo@example.com>"}]})");
    EXPECT_EQ(answer("senders", R"({"pagination":{"offset":7}})"), R"({"items":[]})");
}

TEST_F(MailTest, wrong_and_double_addresses_are_refused) {
    for (const char* bad : {"", "user", "@x", "x@", "a@b@c", "a b@c", "a@b,c@d", "<a@b>"}) {
        json::Object fields;
        fields.set("email", bad);
        EXPECT_EQ(refusal("add", R"({"fields":)" + json::to_json(json::Value(std::move(fields))) + "}").field, "EMAIL")
            << bad;
    }
    EXPECT_EQ(refusal("add", R"({"fields":{"email":"a@b","senderName":"x\r\nBcc: y"}})").field, "SENDER_NAME");
    EXPECT_EQ(refusal("add", R"({"fields":{"email":"a@b","password":"s"}})").code, Errc::invalid_argument);
    answer("add", kWork);
    EXPECT_EQ(refusal("add", R"({"fields":{"email":"USER@example.com"}})").code, Errc::already_exists);
    become(3);
    answer("add", kWork);
}

TEST_F(MailTest, a_user_keeps_a_bounded_number_of_mailboxes) {
    for (std::int64_t i = 0; i < kMailboxesPerUserMax; ++i)
        answer("add", R"({"fields":{"email":"box)" + std::to_string(i) + R"(@example.com"}})");
    EXPECT_EQ(refusal("add", R"({"fields":{"email":"more@example.com"}})").code, Errc::too_large);
}

}  // namespace
}  // namespace stoa::mail
