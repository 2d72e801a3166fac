// REST v3 over HTTP.

#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest {
namespace {

class V3Test : public testing::WireFixture {
    void SetUp() override { open(); }

  protected:
    testing::Reply v3(const std::string& method, std::string_view body) {
        return post("/rest/api/1/secret/" + method, body);
    }
};

TEST_F(V3Test, takes_json_by_post_and_ignores_the_query) {
    EXPECT_EQ(post("/rest/api/1/secret/test.echo?id=5", R"({"a":1})").at("result"), R"({"a":1})");
    EXPECT_EQ(get("/rest/api/1/secret/test.echo?id=5").at("result"), "{}");
    EXPECT_EQ(post("/rest//api/test.echo", R"({"a":1,"auth":"tok-app"})").at("result"), R"({"a":1})");
    EXPECT_EQ(post("/rest/api/test.echo?auth=tok-app", "{}").status, 401);
    const auto form =
        send("POST", "/rest/api/1/secret/test.echo", "a=1", {{"Content-Type", "application/x-www-form-urlencoded"}});
    EXPECT_EQ(form.status, 400);
    EXPECT_EQ(form.at("error", "code"), R"("BITRIX_REST_V3_EXCEPTION_INVALIDJSONEXCEPTION")");
    EXPECT_EQ(v3("test.echo", "{").at("error", "code"), R"("BITRIX_REST_V3_EXCEPTION_INVALIDJSONEXCEPTION")");
}

TEST_F(V3Test, knows_only_its_own_methods) {
    const auto reply = v3("server.time", "{}");
    EXPECT_EQ(reply.status, 404);
    EXPECT_NE(reply.at("error", "code").find("METHODNOTFOUND"), std::string::npos);
    EXPECT_NE(reply.at("error", "message").find("not found"), std::string::npos);
    EXPECT_EQ(hook("rest.scope.list").status, 404);
}

TEST_F(V3Test, errors_have_their_own_envelope) {
    EXPECT_EQ(
        v3("lib.book.get", R"({"id":77})").body.find(R"({"error":{"code":"BITRIX_REST_V3_EXCEPTION_ENTITYNOTFOUND)"),
        0u);
    EXPECT_EQ(v3("lib.book.get", R"({"id":77})").status, 400);
    EXPECT_EQ(v3("test.scoped", "{}").at("error", "code"), R"("BITRIX_REST_V3_EXCEPTION_INSUFFICIENTSCOPEEXCEPTION")");
    EXPECT_EQ(v3("test.fail", R"({"kind":"invalid_argument"})").at("error", "validation", "0", "field"), R"("f")");
    EXPECT_EQ(post("/rest/api/1/wrong/test.echo", "{}").at("error", "code"), R"("INVALID_CREDENTIALS")");
    EXPECT_EQ(post("/rest/api/a/b/c/d/e", "{}").status, 404);
}

TEST_F(V3Test, batch_takes_a_list_or_numbered_members) {
    EXPECT_EQ(v3("batch", R"([{"method":"test.echo","query":{"a":1}},{"method":"test.echo"}])").at("result"),
              R"([{"a":1},{}])");
    const auto numbered =
        post("/rest/api/batch", R"({"0":{"method":"test.echo","query":{"id":3},"as":"first",)"
                                R"("parallel":false},"1":{"method":"test.echo","query":)"
                                R"({"x":{"$ref":"first.id"},"y":{"$ref":"0.id"}}},"auth":"tok-app"})");
    EXPECT_EQ(numbered.at("result"), R"([{"id":3},{"x":3,"y":3}])");
    EXPECT_EQ(numbered.at("time", "operating"), "0");
    EXPECT_GT(numbered.value.find("time")->find("operating_reset_at")->integer(), 0);
}

TEST_F(V3Test, batch_takes_columns_of_earlier_lists) {
    for (const char* title : {"A", "B", "C"})
        v3("test.write", R"({"title":")" + std::string(title) + R"("})");
    EXPECT_EQ(
        v3("batch",
           R"([{"method":"lib.book.list","query":{"select":["id"],"filter":[["id",">",1]]},"as":"l"},)"
           R"({"method":"lib.book.list","query":{"select":["title"],"filter":[["id","in",{"$refArray":"l.id"}]]}}])")
            .at("result", "1"),
        R"({"items":[{"id":2,"title":"B"},{"id":3,"title":"C"}]})");
}

TEST_F(V3Test, one_failing_member_fails_the_whole_batch) {
    const auto reply =
        v3("batch", R"([{"method":"test.write","query":{"title":"A"}},{"method":"lib.book.get","query":{"id":99}}])");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.at("error", "code"), R"("BITRIX_REST_V3_EXCEPTION_ENTITYNOTFOUNDEXCEPTION")");
    EXPECT_EQ(books(), 0);
    EXPECT_EQ(v3("batch", R"([{"method":"test.echo","query":{"x":{"$ref":"none.id"}}}])").status, 400);
    EXPECT_EQ(v3("batch", R"([{"method":"no.such"}])").status, 404);
    EXPECT_EQ(v3("batch", R"([{"method":"batch","query":[]}])").status, 405);
}

TEST_F(V3Test, batch_refuses_the_form_of_v2_and_too_many_calls) {
    for (const char* body : {R"({"cmd":["test.echo"]})", R"({"cmd":{"a":"test.echo"},"halt":0})", "[]", "{}", "[5]",
                             R"([{"method":5}])", R"([{"method":"test.echo","query":"a=1"}])"}) {
        const auto reply = v3("batch", body);
        EXPECT_EQ(reply.status, 400) << body;
        EXPECT_EQ(reply.at("error", "code"), R"("BITRIX_REST_V3_EXCEPTION_INVALIDSELECTEXCEPTION")") << body;
    }
    std::string many = "[";
    for (int i = 0; i < 51; ++i)
        many += std::string(i ? "," : "") + R"({"method":"test.echo"})";
    EXPECT_EQ(v3("batch", many + "]").status, 400);
}

TEST_F(V3Test, documents_itself_without_an_envelope) {
    for (const auto& reply : {v3("rest.documentation.openapi", ""), get("/rest/api/1/secret/documentation")}) {
        EXPECT_EQ(reply.at("openapi"), R"("3.0.0")");
        EXPECT_EQ(reply.at("result"), "(absent)");
        EXPECT_EQ(reply.at("paths", "/lib.book.list", "post", "operationId"), R"("lib.book.list")");
        EXPECT_EQ(reply.at("components", "schemas", "lib.book", "properties", "pages", "type"), R"("integer")");
        EXPECT_EQ(reply.at("paths", "/lib.book.get", "post", "responses", "200", "content", "application/json",
                           "schema", "properties", "result", "properties", "item", "$ref"),
                  R"("#/components/schemas/lib.book")");
    }
}

TEST_F(V3Test, tells_which_scope_a_method_needs) {
    const std::string list = v3("rest.scope.list", "{}").at("result", "items");
    EXPECT_NE(list.find(R"({"method":"lib.book.list","scopes":["lib"]})"), std::string::npos);
    EXPECT_NE(list.find(R"({"method":"rest.scope.list","scopes":[]})"), std::string::npos);
}

}  // namespace
}  // namespace stoa::rest
