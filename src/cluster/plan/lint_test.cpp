#include "cluster/plan/lint.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "cluster/plan/doctor.hpp"
#include "cluster/plan/drain.hpp"
#include "cluster/plan/test_specs.hpp"

namespace stoa::cluster {
namespace {

ClusterSpec classic() {
    return *parse_spec(test_specs::kClassic, "c.toml", "");
}

ClusterSpec without(std::initializer_list<std::string_view> names) {
    ClusterSpec spec = classic();
    std::erase_if(spec.hosts, [&](const HostSpec& host) {
        return std::find(names.begin(), names.end(), host.name) != names.end();
    });
    return spec;
}

const LayerScore& layer(const LintReport& report, std::string_view name) {
    for (const LayerScore& one : report.layers) {
        if (one.layer == name) return one;
    }
    ADD_FAILURE() << name;
    return report.layers.front();
}

TEST(Lint, is_content_with_the_classic_topology) {
    const LintReport report = lint(classic());
    EXPECT_EQ(report.score, 100);
    EXPECT_EQ(report.worst, Severity::ok);
    for (const LayerScore& one : report.layers) {
        EXPECT_GE(one.may_die, 1) << one.layer;
        EXPECT_TRUE(one.fix.empty()) << one.layer;
    }
}

TEST(Lint, calls_one_web_host_an_error_and_two_a_warning) {
    EXPECT_EQ(layer(lint(without({"web2", "web3"})), "web").severity, Severity::error);
    const LintReport two = lint(without({"web3"}));
    EXPECT_EQ(layer(two, "web").severity, Severity::warning);
    EXPECT_NE(layer(two, "web").finding.find("rolling update"), std::string::npos);
    EXPECT_EQ(two.score, 91);
    EXPECT_FALSE(layer(two, "web").fix.empty());
}

TEST(Lint, asks_for_no_second_push_host_because_web_hosts_stand_in) {
    ClusterSpec spec = classic();
    spec.hosts.push_back({"push1", "push", "10.0.0.71", ""});
    const LintReport report = lint(spec);
    EXPECT_EQ(layer(report, "push").may_die, 1);
    EXPECT_EQ(report.worst, Severity::ok);
    EXPECT_EQ(report.score, 100);
}

TEST(Lint, finds_the_single_one_of_each_layer) {
    EXPECT_EQ(layer(lint(without({"lb2"})), "balancer").severity, Severity::error);
    EXPECT_EQ(layer(lint(without({"rd2", "rd3"})), "cache").severity, Severity::error);
    EXPECT_EQ(layer(lint(without({"st2", "st3"})), "files").severity, Severity::error);
    EXPECT_EQ(layer(lint(without({"st1", "st2", "st3"})), "files").severity, Severity::error);
    EXPECT_EQ(layer(lint(without({"db2", "db3"})), "database").severity, Severity::error);
    EXPECT_EQ(layer(lint(without({"et2", "et3"})), "coordination").severity, Severity::warning);
}

TEST(Lint, knows_that_two_of_a_majority_are_none_to_spare) {
    EXPECT_EQ(layer(lint(without({"et3"})), "coordination").severity, Severity::error);
    EXPECT_EQ(layer(lint(without({"db3"})), "database").severity, Severity::error);
    EXPECT_EQ(layer(lint(without({"st3"})), "files").may_die, 0);
    EXPECT_EQ(layer(lint(without({"rd3"})), "cache").severity, Severity::warning);
}

TEST(Lint, says_what_either_policy_means_for_two_databases) {
    ClusterSpec two = without({"db3"});
    EXPECT_NE(layer(lint(two), "database").finding.find("stops writes"), std::string::npos);
    two.database.without_standby = "alarm";
    EXPECT_NE(layer(lint(two), "database").finding.find("are lost"), std::string::npos);
    EXPECT_EQ(layer(lint(two), "database").severity, Severity::error);
}

TEST(Lint, says_what_a_single_host_lacks) {
    const LintReport report = lint(*parse_spec(test_specs::kSmall, "c.toml", ""));
    EXPECT_EQ(report.worst, Severity::error);
    EXPECT_EQ(layer(report, "database").severity, Severity::error);
    EXPECT_LT(report.score, 50);
}

TEST(Doctor, compares_versions_by_number) {
    EXPECT_TRUE(at_least("10.11.19-MariaDB-0+deb12u1", "10.11"));
    EXPECT_TRUE(at_least("3.4.23", "3.4"));
    EXPECT_FALSE(at_least("10.5.9", "10.11"));
    EXPECT_FALSE(at_least("6.2.1", "7.0"));
    EXPECT_TRUE(at_least("11.0", "10.11"));
    EXPECT_TRUE(at_least("anything", ""));
}

TEST(Drain, reads_what_the_balancer_counts) {
    const std::string metrics =
        "# TYPE haproxy_server_current_sessions gauge\n"
        "haproxy_server_current_sessions{proxy=\"db-rw\",server=\"web1\"} 9\n"
        "haproxy_server_current_sessions{proxy=\"web\",server=\"web10\"} 7\n"
        "haproxy_server_current_sessions{proxy=\"web\",server=\"web1\"} 3\n"
        "haproxy_server_status{proxy=\"web\",server=\"web1\",state=\"DOWN\"} 0\n"
        "haproxy_server_status{proxy=\"web\",server=\"web1\",state=\"UP\"} 1\n";
    const std::vector<std::string> web1{"proxy=\"web\"", "server=\"web1\""};
    EXPECT_EQ(sample(metrics, "haproxy_server_current_sessions", web1), 3);
    EXPECT_EQ(sample(metrics, "haproxy_server_status", {web1[0], web1[1], "state=\"UP\""}), 1);
    EXPECT_EQ(sample(metrics, "haproxy_server_current_sessions", {web1[0], "server=\"web3\""}), std::nullopt);
}

}  // namespace
}  // namespace stoa::cluster
