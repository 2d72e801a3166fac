// One request, one effect.

#include <thread>

#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest {
namespace {

class IdempotencyTest : public testing::WireFixture {
    void SetUp() override { open(); }

  protected:
    testing::Reply add(std::string_view key, std::string_view body = R"({"title":"A"})") {
        return hook("test.write", body, {{"Idempotency-Key", std::string(key)}});
    }
};

TEST_F(IdempotencyTest, the_same_key_and_content_is_answered_from_the_receipt) {
    const auto first = add("k1");
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.header("Idempotency-Key"), "k1");
    EXPECT_EQ(first.header("Idempotent-Replayed"), "");
    const auto again = hook("TEST.write", R"({"title":"A"})", {{"Idempotency-Key", "k1"}});
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.at("result"), first.at("result"));
    EXPECT_EQ(again.header("Idempotency-Key"), "k1");
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_NE(again.at("time", "date_start").find("+0"), std::string::npos) << "the portal's zone";
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(books(), 1);
}

TEST_F(IdempotencyTest, marks_of_the_client_are_not_content) {
    add("k1");
    const auto again =
        post("/rest/1/secret/test.write?bx24_request_id=77", R"({"title":"A"})", {{"Idempotency-Key", "k1"}});
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
}

TEST_F(IdempotencyTest, the_same_key_with_other_content_is_refused) {
    add("k1");
    const auto other = add("k1", R"({"title":"B"})");
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(other.at("error"), R"("IDEMPOTENCYKEYREUSED")");
    const auto v3 = post("/rest/api/1/secret/test.write", R"({"title":"B"})", {{"Idempotency-Key", "k1"}});
    EXPECT_EQ(v3.status, 422);
    EXPECT_EQ(v3.at("error", "code"), R"("BITRIX_REST_V3_EXCEPTION_IDEMPOTENCYKEYREUSEDEXCEPTION")");
    EXPECT_EQ(books(), 1);
}

TEST_F(IdempotencyTest, keys_belong_to_credential_and_method) {
    add("k1");
    EXPECT_EQ(hook("lib.book.add", R"({"fields":{"TITLE":"C"}})", {{"Idempotency-Key", "k1"}}).status, 200);
    EXPECT_EQ(post("/rest/test.write", R"({"title":"A","auth":"tok-app"})", {{"Idempotency-Key", "k1"}}).status, 200);
    EXPECT_EQ(post("/rest/9/foreign/test.write", R"({"title":"A"})", {{"Idempotency-Key", "k1"}}).status, 200);
    EXPECT_EQ(books(), 3);
    EXPECT_EQ(books(2), 1);
}

TEST_F(IdempotencyTest, an_error_leaves_the_key_free) {
    EXPECT_EQ(add("k1", R"({"title":"A","broken":1})").status, 400);
    EXPECT_EQ(books(), 0);
    EXPECT_EQ(add("k1").status, 200);
    EXPECT_EQ(books(), 1);
}

TEST_F(IdempotencyTest, keys_have_1_to_255_characters) {
    for (const std::string& key : {std::string(), std::string(256, 'x'), std::string("\xC3\xA9")}) {
        const auto reply = add(key);
        EXPECT_EQ(reply.status, 400) << key;
        EXPECT_EQ(reply.at("error"), R"("INVALIDIDEMPOTENCYKEY")");
    }
    EXPECT_EQ(add(std::string(255, 'x')).status, 200);
    EXPECT_EQ(books(), 1);
}

TEST_F(IdempotencyTest, requests_at_the_same_time_have_one_effect) {
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            if (add("same").at("result") == "1") ++good;
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(good, 8);
    EXPECT_EQ(books(), 1);
}

TEST_F(IdempotencyTest, without_a_key_each_request_counts) {
    hook("test.write", R"({"title":"A"})");
    hook("test.write", R"({"title":"A"})");
    EXPECT_EQ(books(), 2);
}

TEST_F(IdempotencyTest, a_batch_is_one_request) {
    const Headers key = {{"Idempotency-Key", "b"}};
    const char* body =
        R"({"cmd":{"a":"test.write?title=A","b":"test.write?title=B&broken=1","c":"test.write?title=C"}})";
    const auto first = hook("batch", body, key);
    const auto again = hook("batch", body, key);
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(again.at("result", "result"), first.at("result", "result"));
    EXPECT_EQ(books(), 2);
}

}  // namespace
}  // namespace stoa::rest
