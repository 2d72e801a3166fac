// Logins, sessions, webhooks, tokens and links on a real store, with users as plain rows.

#include "modules/accounts/test_accounts.hpp"

namespace stoa::accounts {
namespace {

TEST_F(AccountsTest, a_webhook_lets_its_user_in_with_its_scopes) {
    const std::string code = make_webhook(1, {"crm", "task"});
    const auto identity = authenticator_->by_webhook(1, code);
    ASSERT_TRUE(identity.ok());
    EXPECT_EQ((*identity)->actor.user, 1);
    EXPECT_EQ((*identity)->actor.role, model::Role::admin);
    EXPECT_TRUE((*identity)->has_scope("crm"));
    EXPECT_FALSE((*identity)->has_scope("user"));
}

TEST_F(AccountsTest, a_wrong_webhook_is_told_as_the_protocol_says) {
    const std::string code = make_webhook(1, {"all"});
    for (const auto& [user, wrong] :
         {std::pair<UserId, std::string>{2, code}, {1, "nonsense"}, {1, ""}, {1, std::string(500, 'a')}}) {
        const auto identity = authenticator_->by_webhook(user, wrong);
        ASSERT_FALSE(identity.ok());
        EXPECT_EQ(identity.error().code, Errc::unauthorized);
        EXPECT_EQ(identity.error().api_code, "INVALID_CREDENTIALS");
    }
}

TEST_F(AccountsTest, a_removed_webhook_is_dead_at_once) {
    const std::string code = make_webhook(1, {"all"});
    ASSERT_TRUE(authenticator_->by_webhook(1, code).ok());
    in_write([&](db::WriteTx& tx) -> Status {
        STOA_CHECK(remove_webhook(tx, webhook_id_, 1));
        revocations_.revoke_on_commit(tx);
        return {};
    });
    EXPECT_FALSE(authenticator_->by_webhook(1, code).ok());
}

TEST_F(AccountsTest, a_webhook_removed_by_another_process_is_dead_after_a_minute) {
    const std::string code = make_webhook(1, {"all"});
    ASSERT_TRUE(authenticator_->by_webhook(1, code).ok());
    in_write([&](db::WriteTx& tx) { return remove_webhook(tx, webhook_id_, 1); });
    EXPECT_TRUE(authenticator_->by_webhook(1, code).ok());
    clock.advance_s(61);
    EXPECT_FALSE(authenticator_->by_webhook(1, code).ok());
}

TEST_F(AccountsTest, use_of_a_webhook_is_noted_later_and_once_a_minute) {
    const std::string code = make_webhook(1, {"all"});
    ASSERT_TRUE(authenticator_->by_webhook(1, code).ok());
    const UnixSeconds first = services_->now();
    clock.advance_s(30);
    ASSERT_TRUE(authenticator_->by_webhook(1, code).ok());
    ASSERT_TRUE(notes_.flush(*services_).ok());
    EXPECT_EQ((*find_webhook(*database, code))->used_at, first);
}

TEST_F(AccountsTest, scopes_must_be_known_and_some) {
    EXPECT_EQ(*join_scopes({"crm", "task"}), "crm,task");
    EXPECT_EQ(*join_scopes({"crm", "all"}), "*");
    EXPECT_EQ(join_scopes({"crm", "nonsense"}).error().field, "scopes");
    EXPECT_FALSE(join_scopes({}).ok());
    EXPECT_EQ(split_scopes(",crm,,task").size(), 2u);
}

TEST_F(AccountsTest, login_ignores_the_case_of_the_email_and_writes_the_log) {
    set_password(1);
    const auto outcome =
        logins_->log_in({"ada@EXAMPLE.org", kPassword, "portal", 0}, {"1.2.3.4", "Browser", "/api/login"});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(outcome->user, 1);
    EXPECT_EQ(audit_types().back(), "USER_AUTHORIZE");
    const auto identity = authenticator_->by_session(outcome->cookie, csrf_token(outcome->cookie));
    ASSERT_TRUE(identity.ok());
    EXPECT_TRUE((*identity)->all_scopes);
}

TEST_F(AccountsTest, wrong_passwords_are_counted_and_then_refused) {
    set_password(1);
    for (int i = 0; i < LoginThrottle::kFailuresPerLoginMax; ++i) {
        EXPECT_EQ(logins_->log_in({kEmail, "wrong password", "", 0}, {"1.2.3.4", "", ""}).error().code,
                  Errc::unauthorized);
    }
    const auto refused = logins_->log_in({kEmail, kPassword, "", 0}, {"1.2.3.4", "", ""});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_GT(refused.error().retry_after_s, 0);
    EXPECT_TRUE(logins_->log_in({kEmail, kPassword, "", 0}, {"5.6.7.8", "", ""}).ok());  // others are not locked out
    EXPECT_EQ(audit_types().front(), "USER_LOGIN_FAILED");
}

TEST_F(AccountsTest, a_session_needs_its_csrf_token_and_ends) {
    set_password(1);
    const std::string cookie = logins_->log_in({kEmail, kPassword, "", 0}, {})->cookie;
    EXPECT_EQ(authenticator_->by_session(cookie, "").error().code, Errc::forbidden);
    EXPECT_EQ(authenticator_->by_session(cookie, csrf_token("other")).error().code, Errc::forbidden);
    EXPECT_TRUE(authenticator_->by_cookie(cookie).ok());
    clock.advance_s(kSessionIdleSeconds + 1);
    EXPECT_EQ(authenticator_->by_cookie(cookie).error().code, Errc::unauthorized);
}

TEST_F(AccountsTest, use_prolongs_a_session_but_not_beyond_thirty_days) {
    set_password(1);
    const std::string cookie = logins_->log_in({kEmail, kPassword, "", 0}, {})->cookie;
    for (int day = 0; day < 29; ++day) {
        clock.advance_s(24 * 3600);
        ASSERT_TRUE(authenticator_->by_cookie(cookie).ok()) << "day " << day;
        ASSERT_TRUE(notes_.flush(*services_).ok());
    }
    clock.advance_s(2 * 24 * 3600);
    EXPECT_FALSE(authenticator_->by_cookie(cookie).ok());
}

TEST_F(AccountsTest, logging_out_ends_the_session_at_once) {
    set_password(1);
    const std::string cookie = logins_->log_in({kEmail, kPassword, "", 0}, {})->cookie;
    ASSERT_TRUE(authenticator_->by_cookie(cookie).ok());
    ASSERT_TRUE(logins_->log_out(cookie, 1, 1, {}).ok());
    EXPECT_FALSE(authenticator_->by_cookie(cookie).ok());
    EXPECT_EQ(audit_types().back(), "USER_LOGOUT");
}

TEST_F(AccountsTest, an_email_of_several_accounts_is_told_apart_by_host_or_by_choice) {
    set_password(1);
    create_account(2);
    in_write(
        [&](db::WriteTx& tx) -> Status {
            STOA_TRY(model::Records records, services_->records(tx, model::Actor::make_system(2)));
            model::Changes changes(registry.entity("user"));
            changes.set("EMAIL", std::string(kEmail));
            changes.set("ROLE", std::string("employee"));
            STOA_TRY(const UserId id, records.add(std::move(changes)));
            STOA_CHECK(put_login(tx, id, kEmail, true, services_->now()));
            STOA_CHECK(set_password_hash(tx, id, hash_password(kPassword), services_->now()));
            const db::Assignment url[] = {{"url", std::string("https://two.example:8443")}};
            auto changed = tx.update("accounts", url, db::Condition::always());
            return changed ? Status() : Status(changed.error());
        },
        2);
    const auto both = logins_->log_in({kEmail, kPassword, "unknown.example", 0}, {});
    ASSERT_TRUE(both.ok());
    EXPECT_TRUE(both->cookie.empty());
    EXPECT_EQ(both->accounts.size(), 2u);
    EXPECT_EQ(logins_->log_in({kEmail, kPassword, "Two.Example:8443", 0}, {})->account_id, 2);
    EXPECT_EQ(logins_->log_in({kEmail, kPassword, "unknown.example", 1}, {})->account_id, 1);
}

TEST_F(AccountsTest, a_link_works_once_and_burns_the_others_of_the_user) {
    const std::string first = make_link(1, LinkKind::admin);
    const std::string second = make_link(1, LinkKind::admin);
    const LinkForm form{"Ada", "L.", kPassword, "de", "Europe/Berlin", "CHF"};
    ASSERT_TRUE(logins_->accept_link(first, form, {}).ok());
    EXPECT_EQ(logins_->accept_link(first, form, {}).error().code, Errc::not_found);
    EXPECT_EQ(logins_->accept_link(second, form, {}).error().code, Errc::not_found);
    EXPECT_TRUE(logins_->log_in({kEmail, kPassword, "", 0}, {}).ok());
    in_write([](db::WriteTx& tx) -> Status {
        const auto account = load_account(tx);
        EXPECT_EQ(account->currency, "CHF");
        EXPECT_EQ(account->language, "de");
        return {};
    });
}

TEST_F(AccountsTest, a_refused_form_does_not_use_the_link_up) {
    const std::string token = make_link(1, LinkKind::invite);
    EXPECT_EQ(logins_->accept_link(token, {"Ada", "", "short", "", "", ""}, {}).error().field, "password");
    EXPECT_EQ(logins_->accept_link(token, {"", "", kPassword, "", "", ""}, {}).error().field, "name");
    EXPECT_TRUE(logins_->accept_link(token, {"Ada", "", kPassword, "", "", ""}, {}).ok());
}

TEST_F(AccountsTest, a_link_that_logs_in_sets_no_password_and_the_others_do_not_log_in) {
    const std::string login = make_link(1, LinkKind::login);
    EXPECT_EQ(logins_->accept_link(login, {"Ada", "", kPassword, "", "", ""}, {}).error().code, Errc::not_found);
    EXPECT_TRUE(logins_->log_in_by_link(login, {}).ok());
    EXPECT_EQ(logins_->log_in_by_link(make_link(1, LinkKind::invite), {}).error().code, Errc::not_found);
}

TEST_F(AccountsTest, an_old_link_is_dead) {
    const std::string token = make_link(1, LinkKind::login);
    clock.advance_s(kLoginLinkSeconds);
    EXPECT_FALSE(logins_->log_in_by_link(token, {}).ok());
}

TEST_F(AccountsTest, a_code_becomes_tokens_once_and_within_thirty_seconds) {
    const auto app = make_app();
    const std::string code = code_for(app.first);
    const json::Value tokens = exchange(app, "authorization_code", "code", code);
    ASSERT_EQ(last_status_, 200);
    EXPECT_EQ(tokens.find("expires_in")->integer(), 3600);
    EXPECT_EQ(tokens.find("scope")->string(), "crm,task");
    EXPECT_EQ(tokens.find("user_id")->integer(), 1);
    exchange(app, "authorization_code", "code", code);
    EXPECT_EQ(last_status_, 400);
    const std::string late = code_for(app.first);
    clock.advance_s(kCodeSeconds);
    EXPECT_EQ(exchange(app, "authorization_code", "code", late).find("error")->string(), "invalid_grant");
}

TEST_F(AccountsTest, a_refresh_token_is_replaced_when_it_is_used) {
    const auto app = make_app();
    const json::Value first = exchange(app, "authorization_code", "code", code_for(app.first));
    const std::string refresh = first.find("refresh_token")->string();
    const json::Value second = exchange(app, "refresh_token", "refresh_token", refresh);
    ASSERT_EQ(last_status_, 200);
    EXPECT_NE(second.find("refresh_token")->string(), refresh);
    exchange(app, "refresh_token", "refresh_token", refresh);
    EXPECT_EQ(last_status_, 400);
}

TEST_F(AccountsTest, an_access_token_lets_the_application_in_for_an_hour) {
    const auto app = make_app();
    const std::string token =
        exchange(app, "authorization_code", "code", code_for(app.first)).find("access_token")->string();
    const auto identity = authenticator_->by_token(token);
    ASSERT_TRUE(identity.ok());
    EXPECT_EQ((*identity)->through, api::Through::application);
    EXPECT_EQ((*identity)->client_id, app.first);
    EXPECT_EQ(authenticator_->by_token("nonsense").error().api_code, "invalid_token");
    clock.advance_s(kAccessTokenSeconds);
    EXPECT_EQ(authenticator_->by_token(token).error().api_code, "expired_token");
}

TEST_F(AccountsTest, the_token_endpoint_refuses_wrong_clients) {
    const auto app = make_app();
    const std::string code = code_for(app.first);
    EXPECT_EQ(exchange({app.first, "wrong"}, "authorization_code", "code", code).find("error")->string(),
              "invalid_client");
    EXPECT_EQ(exchange({"local.none", "x"}, "authorization_code", "code", code).find("error")->string(),
              "invalid_client");
    EXPECT_EQ(exchange(app, "password", "code", code).find("error")->string(), "invalid_request");
    exchange(make_app(), "authorization_code", "code", code);
    EXPECT_EQ(last_status_, 400);  // another application's code
}

TEST_F(AccountsTest, an_event_token_is_reused_while_it_is_young) {
    const auto app = make_app();
    const auto first = authenticator_->issue_event_auth(1, app.first, 1);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(authenticator_->issue_event_auth(1, app.first, 1)->access_token, first->access_token);
    EXPECT_TRUE(authenticator_->by_token(first->access_token).ok());
    EXPECT_EQ(authenticator_->issue_event_auth(2, app.first, 1).error().code, Errc::not_found);
    clock.advance_s(31 * 60);
    EXPECT_NE(authenticator_->issue_event_auth(1, app.first, 1)->access_token, first->access_token);
}

TEST_F(AccountsTest, dismissing_a_user_takes_every_credential_away) {
    const UserId user = add_user("employee", "bob@example.org");
    set_password(user);
    const std::string code = make_webhook(user, {"all"});
    const std::string cookie = logins_->log_in({"bob@example.org", kPassword, "", 0}, {})->cookie;
    ASSERT_TRUE(authenticator_->by_webhook(user, code).ok());
    ASSERT_TRUE(authenticator_->by_cookie(cookie).ok());
    write([&](model::Records& records) {
        return on_user_saved(records, revocations_,
                             {.id = user, .email = "bob@example.org", .active = false, .login_changed = true});
    });
    EXPECT_FALSE(authenticator_->by_webhook(user, code).ok());
    EXPECT_FALSE(authenticator_->by_cookie(cookie).ok());
    EXPECT_FALSE(logins_->log_in({"bob@example.org", kPassword, "", 0}, {}).ok());
}

TEST_F(AccountsTest, two_users_of_an_account_cannot_have_one_email) {
    const Status taken =
        services_->write(1, [&](db::WriteTx& tx) { return put_login(tx, 99, "ADA@example.org", true, 1); });
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().code, Errc::already_exists);
}

TEST_F(AccountsTest, what_has_ended_is_purged) {
    set_password(1);
    ASSERT_TRUE(logins_->log_in({kEmail, kPassword, "", 0}, {}).ok());
    make_link(1, LinkKind::login);
    EXPECT_EQ(*purge_expired(*database, services_->now()), 0);
    clock.advance_s(kSessionIdleSeconds + 1);
    EXPECT_EQ(*purge_expired(*database, services_->now()), 2);
}

TEST_F(AccountsTest, hosts_are_read_from_clean_urls_only) {
    EXPECT_EQ(host_of_url("https://Portal.Example:8443/x?y"), "portal.example:8443");
    EXPECT_EQ(host_of_url("ftp://portal"), "");
    EXPECT_EQ(host_of_url("https://a b"), "");
    EXPECT_EQ(host_of_url("https://a\"><script>"), "");
}

TEST_F(AccountsTest, profile_and_access_codes_speak_of_the_caller) {
    EXPECT_EQ(call("profile", "{}").find("ID")->string(), "1");
    EXPECT_TRUE(call("user.admin", "{}").boolean());
    EXPECT_TRUE(call("user.access", R"({"ACCESS":["G1","U7"]})").boolean());
    EXPECT_FALSE(call("user.access", R"({"ACCESS":["U7"]})").boolean());
    EXPECT_FALSE(call("access.name", "{}").boolean());
    EXPECT_EQ(error_of("app.info", "{}").api_code, "ACCESS_DENIED");
    EXPECT_EQ(error_of("app.option.get", "{}").api_code, "ACCESS_DENIED");
}

}  // namespace
}  // namespace stoa::accounts
