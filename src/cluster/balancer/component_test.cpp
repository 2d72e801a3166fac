// The component in an agent's place: etcd, HAProxy and web servers are real.

#include "cluster/balancer/component.hpp"

#include "cluster/balancer/test_balancer.hpp"
#include "cluster/etcd/testing/etcd_servers.hpp"

namespace stoa::cluster::testing {
namespace {

class Context final : public node::AgentContext {
  public:
    Context(const std::vector<std::string>& endpoints, std::string work_dir)
        : client_({endpoints}), work_dir_(std::move(work_dir)) {}

    etcd::Client& etcd() override { return client_; }
    const Keys& keys() const override { return keys_; }
    const std::string& host() const override { return host_; }
    const std::string& role() const override { return role_; }
    const std::string& address() const override { return address_; }
    const std::string& work_dir() const override { return work_dir_; }
    std::string service_dir(std::string_view service) const override { return work_dir_ + "/" + std::string(service); }
    std::vector<LiveService> services() const override { return {}; }
    Status signal_service(std::string_view, int) override { return not_found("none"); }
    Status restart_service(std::string_view, std::string_view) override { return not_found("none"); }
    Status kill_service(std::string_view, std::string_view) override { return not_found("none"); }

  private:
    etcd::Client client_;
    Keys keys_{"test"};
    std::string host_ = "lb1", role_ = "lb", address_ = "127.0.0.1", work_dir_;
};

TEST(BalancerComponent, follows_the_cluster_and_goes_on_without_etcd) {
    fixture::EtcdServers etcd;
    ASSERT_TRUE(etcd.start().ok());
    const TempDir dir;
    // One port on two addresses: the port is the cluster's.
    const std::uint16_t port = free_port();
    WebProcess web1(dir.path(), "web1", "127.0.0.1", port), web2(dir.path(), "web2", "127.0.0.2", port);
    BalancerSpec spec;
    spec.cluster = "test";
    spec.name = "lb1";
    spec.back_address = "127.0.0.1";
    spec.web_port = port;
    for (auto* own : {&spec.http_port, &spec.status_port, &spec.peers_port, &spec.waiting_port})
        *own = free_port();
    BalancerHost host(spec, dir.path());
    host.start_haproxy();
    ASSERT_TRUE(host.haproxy().wait_for_port(spec.http_port).ok()) << host.haproxy().output();

    Context context(etcd.endpoints(), dir.path());
    const auto put_live = [&](const std::string& name, const std::string& address, const std::string& version) {
        LiveHost live;
        live.name = name;
        live.address = address;
        LiveService service;
        service.name = "web";
        service.state = ServiceState::well;
        service.version = version;
        live.services = {service};
        ASSERT_TRUE(context.etcd().put(context.keys().live(name), to_json(live)).ok());
        HostServices services;
        Service wanted;
        wanted.name = "web";
        services.services = {wanted};
        ASSERT_TRUE(context.etcd().put(context.keys().services(name), to_json(services)).ok());
    };
    auto component = make_balancer();
    ASSERT_TRUE(component->start(context).ok());
    put_live("web1", "127.0.0.1", "1");
    put_live("web2", "127.0.0.2", "1");
    ASSERT_TRUE(host.wait_for("web1", "up"));
    ASSERT_TRUE(host.wait_for("web2", "up"));
    const auto answered = [&] { return Client("127.0.0.1", spec.http_port).request("GET", "/echo").status == 200; };
    EXPECT_TRUE(answered());

    ASSERT_TRUE(context.etcd().put(context.keys().release(), to_json(Release{{{"2", ""}}, false})).ok());
    put_live("web2", "127.0.0.2", "2");
    EXPECT_TRUE(host.wait_for("web1", "maint"));
    EXPECT_EQ(host.state_of("web2"), "up");
    put_live("web1", "127.0.0.1", "2");
    EXPECT_TRUE(host.wait_for("web1", "up"));

    // The agent of web1 dies: its web server does not.
    ASSERT_TRUE(context.etcd().remove(context.keys().live("web1")).ok());
    sleep_ms(500);
    EXPECT_EQ(host.state_of("web1"), "up");

    // etcd and this agent die: a restart of both HAProxy and the component changes nothing.
    etcd.server(0).kill();
    component->stop();
    host.haproxy().kill();
    host.start_haproxy();
    component = make_balancer();
    ASSERT_TRUE(component->start(context).ok());
    EXPECT_TRUE(host.wait_for("web1", "up") && host.wait_for("web2", "up"));
    sleep_ms(700);
    EXPECT_EQ(host.state_of("web1"), "up");
    EXPECT_TRUE(answered());

    // It comes back and says that web1 is not wanted any more.
    ASSERT_TRUE(etcd.start().ok());
    ASSERT_TRUE(context.etcd().remove(context.keys().services("web1")).ok());
    EXPECT_TRUE(host.wait_for("web1", ""));
    EXPECT_EQ(host.state_of("web2"), "up");
    component->stop();
}

}  // namespace
}  // namespace stoa::cluster::testing
