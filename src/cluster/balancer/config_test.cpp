#include "cluster/balancer/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/balancer/render.hpp"

namespace stoa::cluster {
namespace {

using testing::HasSubstr;
using testing::Not;

BalancerSpec spec() {
    BalancerSpec spec;
    spec.cluster = "demo";
    spec.name = "lb1";
    spec.front_address = "192.0.2.1";
    spec.back_address = "10.0.0.1";
    spec.front_interface = "eth0";
    spec.back_interface = "eth1";
    spec.peers = {{"lb2", "192.0.2.2", "10.0.0.2"}};
    spec.neighbours = {{"10.0.0.2", 8404}, {"10.0.0.11", 8080}};
    spec.floating_front = "192.0.2.100/24";
    spec.floating_back = "10.0.0.100/24";
    spec.web = {{"web1", "10.0.0.11", 8080, {}, {}, {}}, {"web2", "10.0.0.12", 8080, {}, {}, {}}};
    spec.databases = {{"db1", "10.0.0.21", 3306}, {"db2", "10.0.0.22", 3306}};
    spec.db_primary = "db1";
    spec.allow_lists = {{"/admin", {"10.0.0.0/8"}}};
    return spec;
}

TEST(BalancerSpec, json_gives_back_the_same_spec) {
    const auto read = balancer_spec_from_json(to_json(spec()));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, spec());
}

TEST(BalancerSpec, an_error_names_the_member) {
    auto bad = spec();
    bad.web[1].address = "web2.example";
    EXPECT_EQ(check(bad).error().field, "web[1].address");
    bad = spec();
    bad.allow_lists[0].networks = {"10.0.0.0/8 }\n    bind :1"};
    EXPECT_EQ(check(bad).error().field, "allow_lists[0].networks");
    bad = spec();
    bad.floating_front = "192.0.2.100";
    EXPECT_EQ(check(bad).error().field, "floating_front");
    EXPECT_EQ(balancer_spec_from_json(R"({"cluster":"x","retries":"many"})").error().field, "retries");
}

TEST(BalancerSpec, has_the_numbers_that_balancers_usually_have) {
    const std::string base = render_base(spec());
    EXPECT_THAT(base, HasSubstr("balance leastconn"));
    EXPECT_THAT(base, HasSubstr("error-limit 3 on-error mark-down"));
    EXPECT_THAT(base, HasSubstr("pool-max-conn 32"));
    EXPECT_EQ(spec().fail_timeout_ms, 15'000);
}

TEST(BalancerServices, are_haproxy_and_keepalived) {
    const auto services = balancer_services(spec());
    ASSERT_EQ(services.size(), 2U);
    EXPECT_EQ(services[0].name, "haproxy");
    EXPECT_EQ(services[1].name, "keepalived");
    auto without = spec();
    without.floating_front = without.floating_back = "";
    EXPECT_EQ(balancer_services(without).size(), 1U);
}

TEST(BalancerServices, certificates_are_named_not_contained) {
    auto with_tls = spec();
    with_tls.certificate_secret = "tls.pem";
    const auto services = balancer_services(with_tls);
    EXPECT_EQ(services[0].files.back().content, "{{secret:tls.pem}}");
    EXPECT_THAT(render_base(with_tls), HasSubstr("redirect scheme https code 308"));
    EXPECT_THAT(render_base(spec()), Not(HasSubstr("redirect scheme")));
}

TEST(BalancerSpec, paths_of_the_push_server_go_to_its_servers_while_there_are_any) {
    EXPECT_THAT(render_base(spec()), Not(HasSubstr("push")));
    auto with_push = spec();
    with_push.push_path = "/push/";
    EXPECT_THAT(render_base(with_push), HasSubstr("    use_backend push if { path_beg /push/ } { nbsrv(push) gt 0 }\n"
                                                  "    default_backend web\n"));
    EXPECT_THAT(render_base(with_push), HasSubstr("\nbackend push from web\n"));
    auto view = first_view(with_push);
    view.web.push_back({"push1", "10.0.0.31", 8080, {}, {}, {}, false, "push"});
    EXPECT_EQ(render_backends(with_push, view), render_backends(with_push, first_view(with_push)))
        << "they come by the runtime API";
    for (const char* wrong : {"push/", "/push }\n"}) {
        with_push.push_path = wrong;
        EXPECT_EQ(check(with_push).error().field, "push_path") << wrong;
    }
}

TEST(BalancerBackends, a_refused_server_begins_disabled) {
    auto view = first_view(spec());
    view.web[0].admission = Admission::refused;
    const std::string backends = render_backends(spec(), view);
    EXPECT_THAT(backends, testing::ContainsRegex("server web1 [^\n]* disabled\n"));
    EXPECT_THAT(backends, Not(testing::ContainsRegex("server web2 [^\n]* disabled\n")));
    EXPECT_THAT(backends, HasSubstr("backend db-rw from database\n"
                                    "    server db1 10.0.0.21:3306\n"
                                    "    server db2 10.0.0.22:3306 disabled\n"));
    EXPECT_THAT(backends, HasSubstr("backend db-ro from database\n"
                                    "    server db1 10.0.0.21:3306 disabled\n"
                                    "    server db2 10.0.0.22:3306\n"));
}

}  // namespace
}  // namespace stoa::cluster
