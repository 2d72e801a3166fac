// The same request twice, as a balancer sends it that got no answer: one effect, the same secrets, none of them stored.

#include <algorithm>
#include <array>
#include <set>

#include "modules/accounts/receipt.hpp"
#include "modules/accounts/test_accounts.hpp"

namespace stoa::accounts {
namespace {

class Repetition : public AccountsTest {
  protected:
    static Receipt receipt(const std::string& id, const std::string& digest = "d") {
        return {.key = "req:" + id, .digest = digest, .repeatable = true};
    }
    /// All that the account's table says in these columns.
    std::string stored(const std::string& table, const std::vector<std::string>& columns) {
        std::string text;
        db::Select select{.table = table, .columns = {}, .where = db::Condition::always(), .order = {}, .limit = 1'000};
        for (const std::string& column : columns)
            select.columns.push_back({column, ""});
        const Status read = database->read(1, [&](db::Tx& tx) {
            return tx.select(select, [&](const db::Row& row) {
                for (std::size_t i = 0; i < columns.size(); ++i)
                    text.append(row.text(i)).append("|");
                text += "\n";
                return true;
            });
        });
        EXPECT_TRUE(read.ok()) << read.error().message;
        return text;
    }
    void expect_nowhere(const std::string& secret) {
        const std::string receipts = stored("receipts", {"request_key", "digest", "answer"});
        EXPECT_EQ(receipts.find(secret), std::string::npos) << receipts;
    }
    std::int64_t rows(const std::string& table) {
        std::int64_t count = -1;
        const Status read = database->read(1, [&](db::Tx& tx) -> Status {
            STOA_TRY(count, tx.count(table, db::Condition::always()));
            return {};
        });
        EXPECT_TRUE(read.ok()) << read.error().message;
        return count;
    }
    std::int64_t audits(std::string_view type) {
        const auto types = audit_types();
        return std::count(types.begin(), types.end(), type);
    }
    TokenAnswer exchange_once(const std::pair<std::string, std::string>& app, const char* type, const char* key,
                              const std::string& secret, const Receipt& receipt) {
        json::Object in;
        in.set("grant_type", type);
        in.set("client_id", app.first);
        in.set("client_secret", app.second);
        in.set(key, secret);
        return exchange_token(*services_, json::Value(std::move(in)), receipt);
    }

    const LinkForm form_{"Ada", "L.", kPassword, "", "", ""};
    const std::string seed_ = new_secret();
};

TEST_F(Repetition, derived_secrets_look_like_random_ones_and_depend_on_all_they_are_made_from) {
    std::set<std::string> made;
    std::array<int, 256> seen{};
    for (int i = 0; i < 2'000; ++i) {
        const std::string secret = derived_secret("held", "purpose " + std::to_string(i));
        ASSERT_EQ(secret.size(), kSecretCharacters);
        for (const char c : secret)
            ++seen[static_cast<unsigned char>(c)];
        made.insert(secret);
    }
    EXPECT_EQ(made.size(), 2'000u);
    EXPECT_NE(derived_secret("a", "b"), derived_secret("b", "b"));
    EXPECT_EQ(derived_secret("a", "b"), derived_secret("a", "b"));
    // 64'000 characters over 62 letters: 1'032 of each, give or take six times the deviation.
    for (const char c : std::string("AZaz09Mm5"))
        EXPECT_NEAR(seen[static_cast<unsigned char>(c)], 1'032, 200) << c;
}

TEST_F(Repetition, without_a_balancers_id_secrets_are_random) {
    Receipt own = receipt("x");
    own.repeatable = false;
    EXPECT_NE(own.secret("p", "held"), own.secret("p", "held"));
    EXPECT_NE(receipt("x").secret("p", ""), receipt("x").secret("p", "")) << "nothing is held";
    EXPECT_EQ(receipt("x").secret("p", "held"), receipt("x").secret("p", "held"));
    EXPECT_NE(receipt("x").secret("p", "held"), receipt("y").secret("p", "held"));
    EXPECT_NE(receipt("x").secret("p", "held"), receipt("x").secret("q", "held"));
}

TEST_F(Repetition, a_link_that_was_used_by_the_same_request_opens_the_same_session) {
    const std::string token = make_link(1, LinkKind::invite);
    const auto first = logins_->accept_link(token, form_, {}, receipt("r1"));
    ASSERT_TRUE(first.ok()) << first.error().message;
    const auto again = logins_->accept_link(token, form_, {}, receipt("r1"));
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->cookie, first->cookie);
    EXPECT_EQ(again->user, 1);
    EXPECT_TRUE(authenticator_->by_cookie(again->cookie).ok());
    EXPECT_EQ(rows("sessions"), 1);
    EXPECT_EQ(audits("USER_AUTHORIZE"), 1);
    expect_nowhere(first->cookie);
    expect_nowhere(token);
    EXPECT_EQ(logins_->accept_link(token, form_, {}, receipt("r2")).error().code, Errc::not_found) << "another request";
    EXPECT_EQ(logins_->accept_link(token, form_, {}).error().code, Errc::not_found);
    EXPECT_EQ(logins_->accept_link(token, form_, {}, receipt("r1", "other")).error().code, Errc::conflict);
    EXPECT_EQ(rows("sessions"), 1);
}

TEST_F(Repetition, a_login_link_opens_one_session) {
    const std::string token = make_link(1, LinkKind::login);
    const auto first = logins_->log_in_by_link(token, {}, receipt("r1"));
    const auto again = logins_->log_in_by_link(token, {}, receipt("r1"));
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_EQ(again->cookie, first->cookie);
    EXPECT_EQ(rows("sessions"), 1);
    EXPECT_FALSE(logins_->log_in_by_link(token, {}, receipt("r2")).ok());
}

TEST_F(Repetition, a_used_link_is_dead_for_its_request_too_when_the_session_has_ended) {
    const std::string token = make_link(1, LinkKind::login);
    const std::string cookie = logins_->log_in_by_link(token, {}, receipt("r1"))->cookie;
    ASSERT_TRUE(logins_->log_out(cookie, 1, 1, {}).ok());
    EXPECT_EQ(logins_->log_in_by_link(token, {}, receipt("r1")).error().code, Errc::not_found);
}

TEST_F(Repetition, a_login_with_a_seed_opens_one_session) {
    set_password(1);
    const LoginRequest request{kEmail, kPassword, "", 0, seed_};
    const auto first = logins_->log_in(request, {}, receipt("r1"));
    const auto again = logins_->log_in(request, {}, receipt("r1"));
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_EQ(again->cookie, first->cookie);
    EXPECT_TRUE(authenticator_->by_cookie(first->cookie).ok());
    EXPECT_EQ(rows("sessions"), 1);
    EXPECT_EQ(audits("USER_AUTHORIZE"), 1);
    expect_nowhere(first->cookie);
    EXPECT_NE(logins_->log_in(request, {}, receipt("r2"))->cookie, first->cookie);
}

TEST_F(Repetition, a_login_without_a_seed_is_logged_once_and_both_answers_work) {
    set_password(1);
    const LoginRequest request{kEmail, kPassword, "", 0, "short"};
    const auto first = logins_->log_in(request, {}, receipt("r1"));
    const auto again = logins_->log_in(request, {}, receipt("r1"));
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_TRUE(authenticator_->by_cookie(first->cookie).ok());
    EXPECT_TRUE(authenticator_->by_cookie(again->cookie).ok());
    EXPECT_EQ(audits("USER_AUTHORIZE"), 1);
}

TEST_F(Repetition, a_wrong_password_is_logged_once_per_request_but_counted_each_time) {
    set_password(1);
    for (int i = 0; i < LoginThrottle::kFailuresPerLoginMax; ++i)
        EXPECT_EQ(logins_->log_in({kEmail, "wrong", "", 0, seed_}, {}, receipt("r1")).error().code, Errc::unauthorized);
    EXPECT_EQ(audits("USER_LOGIN_FAILED"), 1);
    EXPECT_EQ(logins_->log_in({kEmail, kPassword, "", 0, seed_}, {}, receipt("r1")).error().code, Errc::busy);
}

TEST_F(Repetition, a_repeated_login_needs_the_password_again) {
    set_password(1);
    ASSERT_TRUE(logins_->log_in({kEmail, kPassword, "", 0, seed_}, {}, receipt("r1")).ok());
    EXPECT_EQ(logins_->log_in({kEmail, "wrong", "", 0, seed_}, {}, receipt("r1")).error().code, Errc::unauthorized);
}

TEST_F(Repetition, a_logout_is_logged_once) {
    set_password(1);
    const std::string cookie = logins_->log_in({kEmail, kPassword, "", 0}, {})->cookie;
    ASSERT_TRUE(logins_->log_out(cookie, 1, 1, {}, receipt("r1")).ok());
    ASSERT_TRUE(logins_->log_out(cookie, 1, 1, {}, receipt("r1")).ok());
    EXPECT_EQ(audits("USER_LOGOUT"), 1);
}

TEST_F(Repetition, what_was_revoked_before_is_revoked_here_too) {
    const auto before = revocations_.number(1);
    const auto nothing = [](db::WriteTx&) -> Result<std::string> { return std::string(); };
    ASSERT_TRUE(services_->write(1, receipt("r1"), nothing).ok());
    EXPECT_EQ(revocations_.number(1), before);
    ASSERT_TRUE(services_->write(1, receipt("r1"), nothing).ok());
    EXPECT_NE(revocations_.number(1), before) << "the process that ran it may have died before it told anybody";
}

TEST_F(Repetition, a_code_becomes_the_same_tokens_for_the_same_request) {
    const auto app = make_app();
    const std::string code = code_for(app.first);
    const TokenAnswer first = exchange_once(app, "authorization_code", "code", code, receipt("r1"));
    const TokenAnswer again = exchange_once(app, "authorization_code", "code", code, receipt("r1"));
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(rows("oauth_tokens"), 2);
    const json::Value tokens = *json::parse(first.body);
    const std::string access = tokens.find("access_token")->string();
    EXPECT_TRUE(authenticator_->by_token(access).ok());
    expect_nowhere(access);
    expect_nowhere(tokens.find("refresh_token")->string());
    EXPECT_EQ(exchange_once(app, "authorization_code", "code", code, receipt("r2")).status, 400);
    EXPECT_EQ(exchange_once(app, "authorization_code", "code", code, receipt("r1", "other")).status, 400);

    const std::string refresh = tokens.find("refresh_token")->string();
    const TokenAnswer renewed = exchange_once(app, "refresh_token", "refresh_token", refresh, receipt("r3"));
    ASSERT_EQ(renewed.status, 200);
    EXPECT_EQ(exchange_once(app, "refresh_token", "refresh_token", refresh, receipt("r3")).body, renewed.body);
    EXPECT_NE(renewed.body, first.body);
    EXPECT_EQ(rows("oauth_tokens"), 3);
}

TEST_F(Repetition, a_refused_exchange_is_refused_again) {
    const auto app = make_app();
    const TokenAnswer first = exchange_once(app, "authorization_code", "code", new_secret(), receipt("r1"));
    EXPECT_EQ(first.status, 400);
    EXPECT_EQ(exchange_once(app, "authorization_code", "code", new_secret(), receipt("r1")).body, first.body);
}

TEST_F(Repetition, an_authorisation_gives_one_code) {
    const auto app = make_app();
    const auto known = find_app(*database, app.first);
    const std::string cookie = new_secret();
    const auto first = authorize(*services_, **known, 1, "s", {}, cookie, receipt("r1"));
    const auto again = authorize(*services_, **known, 1, "s", {}, cookie, receipt("r1"));
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_EQ(*again, *first);
    EXPECT_EQ(rows("oauth_codes"), 1);
    EXPECT_EQ(audits("APP_AUTHORIZE"), 1);
    EXPECT_NE(*authorize(*services_, **known, 1, "s", {}, cookie, receipt("r2")), *first);
}

TEST_F(Repetition, an_account_id_is_reserved_once_per_request) {
    const auto first = reserve_account_id(*database, receipt("r1"));
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(*reserve_account_id(*database, receipt("r1")), *first);
    EXPECT_EQ(*reserve_account_id(*database, receipt("r2")), *first + 1);
    EXPECT_EQ(reserve_account_id(*database, receipt("r1", "other")).error().code, Errc::conflict);
    EXPECT_EQ(*reserve_account_id(*database), *first + 2);
}

}  // namespace
}  // namespace stoa::accounts
