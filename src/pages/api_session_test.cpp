// What somebody without a session is told.

#include <optional>

#include "api/testing/portal_fixture.hpp"
#include "json/parse.hpp"
#include "pages/api_call.hpp"

namespace stoa::pages {
namespace {

class GuestAnswer : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open([](model::Registry&) { return Status(); }, [](api::MethodTable&) {});
        read([this](model::Records& records) -> Status {
            model_.emplace(records.services());
            return {};
        });
    }

    json::Value refusal_of(std::string_view target, bool sign_up_open) {
        const accounts::Services accounts{*database, *model_, revocations_};
        accounts::AccountAuthenticator authenticator(accounts, notes_);
        accounts::LoginService logins(accounts);
        ThreadPool workers("test", 1, 1);
        const Services services{.accounts = accounts,
                                .authenticator = authenticator,
                                .logins = logins,
                                .workers = workers,
                                .version = "1",
                                .public_url = {},
                                .sign_up_open = sign_up_open,
                                .proxies = {},
                                .purge_demo = {},
                                .sign_up = {}};
        net::Request request;
        request.method = "GET";
        request.target = std::string(target);
        const Error refused{Errc::unauthorized, "Log in first.", {}, "NO_AUTH_FOUND"};
        const net::Response response = to_response(services, request, "id", Result<ApiAnswer>(refused));
        EXPECT_EQ(response.status, 401);
        return *json::parse(response.body);
    }

    accounts::Revocations revocations_;
    accounts::UsageNotes notes_;
    std::optional<model::ModelServices> model_;
};

TEST_F(GuestAnswer, says_beside_the_error_whether_guests_may_sign_up) {
    for (const bool open : {true, false}) {
        const json::Value body = refusal_of("/api/session?x=1", open);
        ASSERT_NE(body.find("selfSignup"), nullptr);
        EXPECT_EQ(body.find("selfSignup")->as_bool(), open);
        EXPECT_EQ(body.find("error")->find("code")->as_text(), "NO_AUTH_FOUND");
    }
}

TEST_F(GuestAnswer, is_the_bare_error_on_other_addresses) {
    EXPECT_EQ(refusal_of("/api/webhooks", true).find("selfSignup"), nullptr);
}

}  // namespace
}  // namespace stoa::pages
