#include "cluster/plan/services.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/config.hpp"
#include "cluster/plan/diff.hpp"
#include "cluster/plan/test_specs.hpp"
#include "cluster/plan/topology.hpp"

namespace stoa::cluster {
namespace {

ClusterSpec classic(const std::string& more = {}) {
    auto spec = parse_spec(test_specs::kClassic + more, "c.toml", "");
    EXPECT_TRUE(spec.ok()) << spec.error().message;
    return *spec;
}

const Service& service(const Plan& plan, const std::string& host, const std::string& name) {
    for (const Service& one : plan.hosts.at(host)) {
        if (one.name == name) return one;
    }
    ADD_FAILURE() << host << " has no " << name;
    static const Service none;
    return none;
}

std::string content(const Service& service, const std::string& path) {
    for (const ServiceFile& file : service.files) {
        if (file.path == path) return file.content;
    }
    return "no file " + path;
}

HostMap as_now(const Plan& plan) {
    HostMap now;
    for (const auto& [host, services] : plan.hosts)
        now[host] = {1, services};
    return now;
}

TEST(Plan, gives_each_role_its_services) {
    const Plan plan = plan_services(classic());
    const auto names = [&plan](const std::string& host) {
        std::string out;
        for (const Service& one : plan.hosts.at(host))
            out += (out.empty() ? "" : " ") + one.name;
        return out;
    };
    EXPECT_EQ(names("et1"), "etcd");
    EXPECT_EQ(names("db2"), "mariadb");
    EXPECT_EQ(names("rd1"), "redis sentinel memcached");
    EXPECT_EQ(names("rd3"), "redis sentinel");
    EXPECT_EQ(names("st1"), "files files-heal");
    EXPECT_EQ(names("web1"), "files-mount web");
    EXPECT_EQ(names("lb1"), "haproxy keepalived");
}

TEST(Plan, gives_web_hosts_the_same_configuration) {
    const Plan plan = plan_services(classic());
    EXPECT_EQ(config_hash(service(plan, "web1", "web")), config_hash(service(plan, "web3", "web")));
    EXPECT_EQ(plan.web_hash, config_hash(service(plan, "web1", "web")));
    EXPECT_NE(plan.web_hash, plan_services(classic("[web]\nworkers = 3\n")).web_hash);
}

TEST(Plan, writes_a_configuration_that_the_portal_reads) {
    for (const char* topology : {"classic", "galera"}) {
        const Plan plan = plan_services(
            *parse_spec("topology = \"" + std::string(topology) + "\"\n" + test_specs::kClassic, "c", ""));
        const auto config = parse_config(content(service(plan, "web1", "web"), "stoa.toml"), "stoa.toml");
        ASSERT_TRUE(config.ok()) << config.error().message;
        EXPECT_EQ(config->database.url.hosts.size(), 3u);
        EXPECT_EQ(config->database.url.parameter("mode"), std::string_view(topology) == "galera" ? "galera" : "");
        EXPECT_EQ(config->cluster.etcd.size(), std::string_view(topology) == "galera" ? 0u : 3u);
        EXPECT_EQ(config->cache.url.scheme, "memcached");
        EXPECT_EQ(config->bus.url.scheme, "redis+sentinel");
        EXPECT_EQ(config->files.url.scheme, "dir");
    }
}

TEST(Plan, lets_no_database_take_writes_by_itself) {
    const Plan plan = plan_services(classic());
    for (const char* host : {"db1", "db2", "db3"}) {
        EXPECT_NE(content(service(plan, host, "mariadb"), "my.cnf").find("read_only=1"), std::string::npos);
        EXPECT_EQ(content(service(plan, host, "mariadb"), "init.sql").find("CHANGE MASTER"), std::string::npos);
        EXPECT_EQ(content(service(plan, host, "mariadb"), "members"), "db1\ndb2\ndb3\n");
        EXPECT_EQ(content(service(plan, host, "mariadb"), "policy"), "block\n");
        EXPECT_EQ(service(plan, host, "mariadb").stop_signal, 9);
    }
    EXPECT_NE(content(service(plan, "db3", "mariadb"), "my.cnf").find("server_id=3\n"), std::string::npos);
}

TEST(Plan, lets_no_galera_server_begin_a_group_by_itself) {
    const Plan plan =
        plan_services(*parse_spec(std::string("topology = \"galera\"\n") + test_specs::kClassic, "c", ""));
    for (const char* host : {"db1", "db2", "db3"}) {
        const Service& server = service(plan, host, "mariadb");
        EXPECT_NE(content(server, "my.cnf").find("pc.recovery=false"), std::string::npos);
        EXPECT_EQ(content(server, "group"), content(service(plan, "db1", "mariadb"), "group"));
        EXPECT_EQ(content(server, "start.sh"), content(service(plan, "db1", "mariadb"), "start.sh"));
    }
}

const std::string kPushHosts =
    "[[host]]\nname = \"push1\"\nrole = \"push\"\naddress = \"10.0.0.71\"\n"
    "[[host]]\nname = \"push2\"\nrole = \"push\"\naddress = \"10.0.0.72\"\n";

TEST(Plan, gives_push_hosts_the_push_server_and_balancers_its_paths) {
    const Plan plan = plan_services(classic(kPushHosts));
    ASSERT_EQ(plan.hosts.at("push1").size(), 1U);
    const Service& push = service(plan, "push2", "push");
    EXPECT_EQ(push.argv, (std::vector<std::string>{"stoa", "serve", "--roles", "push", "--config", "{{dir}}/stoa.toml",
                                                   "--http", "--listen", "10.0.0.72:8080"}));
    EXPECT_EQ(push.health.address, "http://10.0.0.72:8080/ready");
    const auto config = parse_config(content(push, "stoa.toml"), "stoa.toml");
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_EQ(config->bus.url.scheme, "redis+sentinel");
    EXPECT_TRUE(config->database.url.scheme.empty()) << "it needs none";
    EXPECT_FALSE(config->push.key_file.empty());
    EXPECT_EQ(config->trusted_proxies.size(), 3U);
    EXPECT_EQ(secrets_of(plan.hosts.at("push1")), (std::vector<std::string>{"push-key", "redis-password"}));
    EXPECT_NE(content(service(plan, "lb1", "haproxy"), "base.cfg").find("use_backend push if"), std::string::npos);
    const Plan without = plan_services(classic());
    EXPECT_EQ(content(service(without, "lb1", "haproxy"), "base.cfg").find("backend push"), std::string::npos);
    EXPECT_EQ(plan.web_hash, without.web_hash) << "web hosts stay as they are";
    EXPECT_EQ(service(plan, "web1", "web").argv, service(without, "web1", "web").argv) << "and can stand in";
}

TEST(Topology, shows_push_hosts_where_there_are_any) {
    EXPECT_NE(topology_picture(classic(kPushHosts)).find("push1"), std::string::npos);
    EXPECT_EQ(topology_picture(classic()).find("push"), std::string::npos);
    int requests = 0, bus = 0;
    for (const auto& edge : topology_graph(classic(kPushHosts)).edges) {
        requests += edge.to.starts_with("push") && edge.kind == "requests" ? 1 : 0;
        bus += edge.from.starts_with("push") && edge.kind == "bus" ? 1 : 0;
    }
    EXPECT_EQ(requests, 4);
    EXPECT_EQ(bus, 6);
}

TEST(Plan, keeps_secrets_out) {
    const Plan plan = plan_services(classic());
    EXPECT_EQ(secrets_of(plan.hosts.at("rd1")), std::vector<std::string>{"redis-password"});
    EXPECT_EQ(secrets_of(plan.hosts.at("lb1")), std::vector<std::string>{"certificate.pem"});
    EXPECT_EQ(secrets_of(plan.hosts.at("web1")),
              (std::vector<std::string>{"database-password", "push-key", "redis-password"}));
    EXPECT_EQ(secrets_of(plan.hosts.at("db1")), (std::vector<std::string>{"database-password", "replica-password"}));
}

TEST(Plan, puts_an_application_in_the_portals_place) {
    const Plan plan =
        plan_services(classic("[web.app]\ncommand = [\"app\", \"{{address}}:{{port}}\"]\nversion = \"7\"\n"
                              "[[web.app.file]]\npath = \"a\"\ncontent = \"same {{back}}\"\n"
                              "[[web.app.helper]]\nname = \"fpm\"\ncommand = [\"fpm\"]\n"));
    EXPECT_EQ(service(plan, "web2", "web").argv[1], "10.0.0.22:8080");
    EXPECT_EQ(content(service(plan, "web2", "web"), "a"), "same 10.0.0.10");
    EXPECT_EQ(service(plan, "web2", "fpm").argv[0], "fpm");
}

TEST(Plan, lets_web_hosts_come_and_go_without_touching_others) {
    const Plan before = plan_services(classic());
    const Plan after = plan_services(classic("[[host]]\nname = \"web4\"\nrole = \"web\"\naddress = \"10.0.0.24\"\n"));
    const auto changes = difference(as_now(before), after);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].host, "web4");
    EXPECT_EQ(changes[0].change, Change::added);
    EXPECT_EQ(before.web_hash, after.web_hash);
}

TEST(Difference, is_empty_for_what_is_there) {
    const Plan plan = plan_services(classic());
    EXPECT_TRUE(difference(as_now(plan), plan).empty());
}

TEST(Difference, says_what_changes_and_what_goes) {
    const Plan before = plan_services(classic());
    ClusterSpec spec = classic("[database]\nmemory_mb = 128\n");
    std::erase_if(spec.hosts, [](const HostSpec& host) { return host.name == "web3"; });
    const auto changes = difference(as_now(before), plan_services(spec));
    const auto find = [&changes](const std::string& host) {
        return *std::find_if(changes.begin(), changes.end(), [&](const auto& c) { return c.host == host; });
    };
    EXPECT_EQ(find("db1").change, Change::changed);
    EXPECT_EQ(find("db1").what, "file my.cnf");
    EXPECT_EQ(find("web3").change, Change::removed);
    EXPECT_EQ(changes.size(), 5u);
}

TEST(Topology, connects_every_host) {
    const ClusterSpec spec = classic();
    const TopologyGraph graph = topology_graph(spec);
    for (const HostSpec& host : spec.hosts) {
        if (host.role == "etcd") continue;
        EXPECT_TRUE(std::any_of(graph.edges.begin(), graph.edges.end(), [&](const auto& edge) {
            return edge.to == host.name;
        })) << host.name;
    }
    const std::string picture = topology_picture(spec);
    for (const HostSpec& host : spec.hosts)
        EXPECT_NE(picture.find(host.name), std::string::npos) << picture;
}

}  // namespace
}  // namespace stoa::cluster
