// Hostile requests: a documented error, never a crash, and the server goes on.

#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest {
namespace {

class BadInputTest : public testing::WireFixture {
    void SetUp() override { open(); }
    void TearDown() override { EXPECT_EQ(hook("test.echo").status, 200) << "the server still works"; }
};

TEST_F(BadInputTest, paths) {
    for (const char* path : {"/rest/../x", "/rest/%2e%2e/x", "/rest/1%2fsecret%2ftest.echo", "/rest/1/secret/../../x",
                             "/rest/1/secret/", "/rest/1/secret/test.echo/extra", "/rest/1/secret/..", "/rest/?x",
                             "/rest/1/secret/%00", "/rest/99999999999999999999/secret/test.echo"}) {
        const auto reply = get(path);
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_EQ(reply.at("error"), R"("ERROR_METHOD_NOT_FOUND")") << path;
    }
}

TEST_F(BadInputTest, bodies) {
    const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
    std::string many = "{";
    for (int i = 0; i < 10'000; ++i)
        many += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
    many += "}";
    std::string form;
    for (int i = 0; i < 10'000; ++i)
        form += "a[" + std::to_string(i) + "]=1&";
    for (const std::string& body :
         {deep, many, std::string("{\"a\":1}}"), std::string("\xff\xfe{}"), std::string("{\"\\u0000\":1}"),
          std::string("{\"a\":1e999999}x"), std::string(1, '\0')}) {
        const auto reply = hook("test.echo", body);
        EXPECT_EQ(reply.status, 400) << body.substr(0, 30);
    }
    EXPECT_EQ(
        send("POST", "/rest/1/secret/test.echo", form, {{"Content-Type", "application/x-www-form-urlencoded"}}).status,
        400);
    std::string nested = "a";
    for (int i = 0; i < 1'000; ++i)
        nested += "[x]";
    EXPECT_EQ(get("/rest/1/secret/test.echo?" + nested + "=1").status, 400);
    EXPECT_EQ(send("POST", "/rest/1/secret/test.echo", "junk", {{"Content-Type", "multipart/form-data"}}).status, 400);
}

TEST_F(BadInputTest, filters) {
    for (const char* filter :
         {R"({"); DROP TABLE books; --":1})", R"({"=":1})", R"({"!%=!%=ID":1})", R"({"ID\u0027":1})",
          R"({"@ID":{"a":{"b":1}}})", R"("text")", "5", R"({"NO_SUCH":1})", R"({"logic":"XOR","0":{"ID":1}})"}) {
        const auto reply = hook("lib.book.list", R"({"filter":)" + std::string(filter) + "}");
        EXPECT_EQ(reply.status, 400) << filter << reply.body;
    }
    EXPECT_EQ(books(), 0);
}

TEST_F(BadInputTest, wrong_types_where_the_wire_reads_parameters) {
    for (const char* body : {R"({"id":[]})", R"({"id":"x"})", R"({"id":-1})", R"({"id":null})", R"({"id":1e30})"}) {
        EXPECT_EQ(hook("lib.book.get", body).status, 400) << body;
    }
    for (const char* body :
         {R"({"event":[]})", R"({"event":{"a":1}})", R"({"event":"ONBOOKADD","handler":5,"auth_type":"x"})",
          R"({"event":"ONBOOKADD","handler":"https://h/","event_type":"both"})"}) {
        EXPECT_EQ(app("event.bind", body).status, 400) << body;
    }
}

TEST_F(BadInputTest, huge_batches) {
    std::string body = R"({"cmd":{)";
    for (int i = 0; i < 4'000; ++i)
        body += (i ? ",\"k" : "\"k") + std::to_string(i) + R"(":"test.echo?a=$result[k0]")";
    const auto reply = hook("batch", body + "}}");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.value.find("result"), nullptr)
        << "more values than a request may have, so the test does not parse it";
    EXPECT_NE(reply.body.find("ERROR_BATCH_LENGTH_EXCEEDED"), std::string::npos);
}

TEST_F(BadInputTest, references_that_multiply) {
    std::string body = R"({"cmd":{"a":"test.echo?x=)" + std::string(30'000, 'x') + "\"";
    for (int i = 0; i < 48; ++i) {
        const std::string before = i == 0 ? "a" : "b" + std::to_string(i - 1);
        body += ",\"b" + std::to_string(i) + "\":\"test.echo?x[]=$result[" + before + "]&x[]=$result[" + before + "]\"";
    }
    const auto reply = hook("batch", body + "}}");
    EXPECT_EQ(reply.status, 200);
    EXPECT_LT(reply.body.size(), 64u * 1024 * 1024);
}

TEST_F(BadInputTest, records_of_another_account) {
    ASSERT_EQ(hook("test.write", R"({"title":"mine"})").at("result"), "1");
    for (const char* method : {"lib.book.get", "lib.book.delete"}) {
        EXPECT_EQ(post("/rest/9/foreign/" + std::string(method), R"({"id":1})").at("error_description"),
                  R"("Not found")");
    }
    EXPECT_EQ(books(), 1);
}

}  // namespace
}  // namespace stoa::rest
