// batch of v2 and v3: transcripts.

#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest {
namespace {

class BatchTest : public testing::WireFixture {
    void SetUp() override { open(); }

  protected:
    /// The five maps without the times.
    std::string run(std::string_view body) {
        const auto reply = hook("batch", body);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.at("result", "result") + " " + reply.at("result", "result_error") + " " +
               reply.at("result", "result_total") + " " + reply.at("result", "result_next");
    }
};

TEST_F(BatchTest, transcripts) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"cmd":[]})", "[] [] [] []"},
        {R"({"cmd":{}})", "[] [] [] []"},
        {R"({"cmd":["test.echo?a=1","test.echo"]})", R"([{"a":"1"},{}] [] [] [])"},
        {R"({"cmd":{"x":"test.echo?a[b][]=1&a[b][]=2&"}})", R"({"x":{"a":{"b":["1","2"]}}} [] [] [])"},
        {R"({"cmd":{"0":"test.echo?a=1","2":"test.echo?a=2"}})", R"({"0":{"a":"1"},"2":{"a":"2"}} [] [] [])"},
        {R"({"cmd":["test.nothing?"]})", "[null] [] [] []"},
        {R"({"CMD":["TEST.Echo?a=%D0%B6+b"]})", R"([{"a":"ж b"}] [] [] [])"},
        {R"({"cmd":{"a":"test.echo?id=7","b":"test.echo?x=$result[a][id]&y=n$result[a][id]n"}})",
         R"({"a":{"id":"7"},"b":{"x":"7","y":"n7n"}} [] [] [])"},
        {R"({"cmd":["test.echo?id=7","test.echo?x=%24result%5B0%5D%5Bid%5D"]})", R"([{"id":"7"},{"x":"7"}] [] [] [])"},
        {R"({"cmd":{"bad":"no.such","good":"test.echo?a=1"}})",
         R"({"good":{"a":"1"}} {"bad":{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}} [] [])"},
        {R"({"halt":1,"cmd":["test.echo?a=1","no.such","test.echo?a=2"]})",
         R"([{"a":"1"}] {"1":{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}} [] [])"},
        {R"({"cmd":["batch?cmd[]=test.echo"]})",
         R"([] [{"error":"ERROR_BATCH_METHOD_NOT_ALLOWED","error_description":"Method is not allowed for batch usage"}] [] [])"},
        {R"({"cmd":[{"method":"test.echo","params":{"a":{"b":1}}}]})", R"([{"a":{"b":1}}] [] [] [])"},
        {R"({"cmd":{"s":"test.scoped","f":"test.fail?kind=not_found"}})",
         R"([] {"s":{"error":"insufficient_scope","error_description":"The request requires higher privileges than )"
         R"(provided by the webhook token"},"f":{"error":"","error_description":"Not found"}} [] [])"},
        {R"({"cmd":[null,5,{"x":1},""]})",
         R"([] [{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"},)"
         R"({"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"},)"
         R"({"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"},)"
         R"({"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}] [] [])"},
        {R"({"cmd":{"a":"test.echo?auth=zzz&bx24_request_id=1&id=1"}})", R"({"a":{"id":"1"}} [] [] [])"},
    };
    for (const auto& [body, expected] : cases)
        EXPECT_EQ(run(body), expected) << body;
}

TEST_F(BatchTest, takes_form_bodies_and_addresses_encoded_twice) {
    EXPECT_EQ(send("POST", "/rest/1/secret/batch", "cmd[k]=test.echo%3Fa%3D1%2526&halt=0",
                   {{"Content-Type", "application/x-www-form-urlencoded"}})
                  .at("result", "result"),
              R"({"k":{"a":"1&"}})");
    EXPECT_EQ(get("/rest/1/secret/batch?cmd[0]=test.echo%3Fa%3D1&cmd[1]=test.echo").at("result", "result"),
              R"([{"a":"1"},{}])");
}

TEST_F(BatchTest, shows_totals_next_pages_and_a_full_time_per_command) {
    write([&](model::Records& records) -> Status {
        for (int i = 0; i < 51; ++i) {
            model::Changes changes(registry.entity("lib.book"));
            changes.set("TITLE", std::string("B"));
            STOA_CHECK(records.add(std::move(changes)));
        }
        return {};
    });
    const auto reply = hook("batch", R"({"cmd":{"l":"lib.book.list?select[]=ID","e":"test.echo","x":"no.such"}})");
    EXPECT_EQ(reply.at("result", "result_total"), R"({"l":51})");
    EXPECT_EQ(reply.at("result", "result_next"), R"({"l":50})");
    EXPECT_EQ(reply.at("result", "result_time", "l", "operating"), "0");
    EXPECT_GT(reply.value.find("result")->find("result_time")->find("e")->find("operating_reset_at")->integer(), 0);
    EXPECT_EQ(reply.at("result", "result_time", "x"), "(absent)");
    EXPECT_EQ(reply.at("time", "operating"), "0");
}

TEST_F(BatchTest, a_failing_write_undoes_only_itself) {
    EXPECT_EQ(run(R"({"cmd":{"a":"test.write?title=A","b":"test.write?title=B&broken=1",)"
                  R"("c":"test.write?title=C","d":"lib.book.get?id=$result[c]"}})"),
              R"({"a":1,"c":2,"d":{"ID":"2","TITLE":"C","PAGES":null}} )"
              R"({"b":{"error":"ERROR_ARGUMENT","error_description":"Broken on wish."}} [] [])");
    EXPECT_EQ(books(), 2);
}

TEST_F(BatchTest, runs_fifty_commands_and_refuses_the_rest_one_by_one) {
    std::string body = R"({"cmd":[)";
    for (int i = 0; i < 52; ++i)
        body += std::string(i ? "," : "") + R"("test.nothing")";
    const auto reply = hook("batch", body + "]}");
    EXPECT_EQ(reply.value.find("result")->find("result")->array().size(), 50u);
    const json::Value* errors = reply.value.find("result")->find("result_error");
    ASSERT_TRUE(errors->is_object());
    EXPECT_EQ(errors->object().size(), 2u);
    EXPECT_EQ(reply.at("result", "result_error", "51", "error"), R"("ERROR_BATCH_LENGTH_EXCEEDED")");
}

TEST_F(BatchTest, a_store_that_fails_fails_the_whole_batch) {
    EXPECT_EQ(hook("batch", R"({"cmd":["test.write?title=A","test.fail?kind=unavailable"]})").status, 503);
    EXPECT_EQ(books(), 0);
}

TEST_F(BatchTest, refuses_a_cmd_that_is_no_list) {
    for (const char* body : {"{}", R"({"cmd":null})", R"({"cmd":"test.echo"})", R"({"cmd":5})", "[1]"}) {
        const auto reply = hook("batch", body);
        EXPECT_EQ(reply.status, 400) << body;
        EXPECT_EQ(reply.at("error"), R"("ERROR_ARGUMENT")") << body;
    }
}

TEST_F(BatchTest, speaks_xml_too) {
    EXPECT_NE(
        get("/rest/1/secret/batch.xml?cmd[a]=test.echo%3Fx%3D1").body.find("<result><result><a><x>1</x></a></result>"),
        std::string::npos);
}

}  // namespace
}  // namespace stoa::rest
