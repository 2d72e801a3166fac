// HAProxy with the rendered configuration and small web servers behind it.

#include "cluster/balancer/test_balancer.hpp"

#include "net/tls_certificate.hpp"

namespace stoa::cluster::testing {
namespace {

BalancerSpec small_spec(const std::string& name = "lb1") {
    BalancerSpec spec;
    spec.cluster = "test";
    spec.name = name;
    spec.back_address = "127.0.0.1";
    spec.http_port = free_port();
    spec.https_port = free_port();
    spec.status_port = free_port();
    spec.peers_port = free_port();
    spec.db_rw_port = free_port();
    spec.db_ro_port = free_port();
    spec.waiting_port = free_port();
    return spec;
}

/// Two web servers and a balancer with its controller.
class Balancer : public ::testing::Test {
  protected:
    Balancer() {
        spec_ = small_spec();
        spec_.web = {web1_.server(), web2_.server()};
    }
    static void SetUpTestSuite() { servers_ = std::make_unique<Servers>(); }
    static void TearDownTestSuite() { servers_.reset(); }
    void start() {
        start_web();
        host_ = std::make_unique<BalancerHost>(spec_, dir_.path("lb1"));
        host_->start_haproxy();
        ASSERT_TRUE(host_->haproxy().wait_for_port(spec_.http_port).ok()) << host_->haproxy().output();
        host_->start_controller();
        ASSERT_TRUE(eventually([&] { return host_->controller().status().web.size() == spec_.web.size(); }));
        ASSERT_TRUE(host_->wait_for("web1", "up") && host_->wait_for("web2", "up")) << host_->haproxy().output();
    }
    /// Those that an earlier step killed, too.
    void start_web() {
        for (auto* web : {&web1_, &web2_}) {
            if (!web->process().running()) {
                ASSERT_TRUE(web->process().restart().ok());
            }
            ASSERT_TRUE(web->process().wait_for_port(web->server().port).ok()) << web->process().output();
        }
    }
    Client client() const { return {"127.0.0.1", spec_.http_port}; }
    BalancerView view() const { return {spec_.web, {}}; }

    struct Servers {
        TempDir dir;
        WebProcess web1{dir.path(), "web1", "127.0.0.1", free_port()};
        WebProcess web2{dir.path(), "web2", "127.0.0.1", free_port()};
    };
    static inline std::unique_ptr<Servers> servers_;

    TempDir dir_;
    WebProcess& web1_ = servers_->web1;
    WebProcess& web2_ = servers_->web2;
    BalancerSpec spec_;
    std::unique_ptr<BalancerHost> host_;
};

TEST_F(Balancer, a_post_whose_server_dies_is_answered_by_another_with_the_same_id) {
    start();
    Client kept = client();
    for (const int bytes : {0, 100, 60'000}) {  // also on a connection that has been used, with pooled ones behind it
        for (int i = 0; i < 4; ++i)
            ASSERT_EQ(kept.request("POST", "/echo", "warm").status, 200);
        const std::string path = "/die?" + std::to_string(bytes);
        const Answer answer = kept.request("POST", path, std::string(static_cast<std::size_t>(bytes), 'x'));
        ASSERT_EQ(answer.status, 200) << bytes;
        EXPECT_EQ(value_of(answer.body, "bytes"), std::to_string(bytes));
        const std::string id = value_of(answer.body, "x-request-id");
        EXPECT_EQ(id.size(), 36U);
        EXPECT_EQ(id, value_of(answer.head, "x-request-id"));
        const std::string line = "POST " + path + " " + id;
        EXPECT_EQ(count_of(web1_.log(), line), 1);
        EXPECT_EQ(count_of(web2_.log(), line), 1);
        start_web();
        // A process that was started anew need not wait: the cluster says that it is another one.
        for (auto& server : spec_.web)
            server.incarnation += "+";
        host_->controller().want(view());
        ASSERT_TRUE(host_->wait_for("web1", "up") && host_->wait_for("web2", "up"));
    }
}

TEST_F(Balancer, while_no_web_server_is_up_requests_wait) {
    start();
    for (auto* web : {&web1_, &web2_})
        web->process().kill();
    std::vector<std::thread> clients;
    std::atomic<int> ok{0};
    for (int i = 0; i < 20; ++i)
        clients.emplace_back([&, i] {
            if (client().request(i % 2 == 0 ? "POST" : "GET", "/echo?" + std::to_string(i)).status == 200) ++ok;
        });
    ASSERT_TRUE(host_->wait_for("web1", "down") && host_->wait_for("web2", "down"));
    Client uploading = client();
    ASSERT_TRUE(uploading.open());
    ASSERT_TRUE(uploading.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n\r\nthe first part"));
    const Answer large = uploading.receive();
    EXPECT_EQ(large.status, 503) << "HAProxy could not send it again";
    EXPECT_NE(large.head.find("retry-after"), large.head.npos);
    start_web();
    for (auto& server : spec_.web)
        server.incarnation += "+";
    host_->controller().want(view());
    for (auto& one : clients)
        one.join();
    EXPECT_EQ(ok, 20);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(count_of(web1_.log() + web2_.log(), "/echo?" + std::to_string(i) + " "), 1) << i;
}

TEST_F(Balancer, without_replay_a_post_is_sent_once) {
    spec_.replay_posts = false;
    start();
    EXPECT_EQ(client().request("POST", "/die?post", "x").status, 502);
    EXPECT_EQ(count_of(web1_.log() + web2_.log(), "/die?post"), 1);
    EXPECT_EQ(client().request("GET", "/echo").status, 200);
}

TEST_F(Balancer, requests_to_a_server_that_hangs_are_answered_when_it_is_killed) {
    start();
    std::vector<std::thread> clients;
    std::atomic<int> ok{0};
    for (int i = 0; i < 10; ++i)
        clients.emplace_back([&] {
            Client kept = client();
            kept.request("POST", "/echo", "warm");
            if (kept.request("POST", "/slow?700", "x").status == 200) ++ok;
        });
    ASSERT_TRUE(eventually([&] { return count_of(web1_.log(), "/slow?700") >= 3; }));
    web1_.process().freeze();
    sleep_ms(600);  // what the agent takes to see it
    web1_.process().kill();
    for (auto& thread : clients)
        thread.join();
    EXPECT_EQ(ok, 10);
}

TEST_F(Balancer, a_client_cannot_say_what_only_the_balancer_may_say) {
    start();
    const Answer answer =
        client().request("GET", "/echo", "",
                         "X-Request-ID: mine\r\nX-Request-Id: mine\r\nX-Forwarded-For: 203.0.113.9\r\n"
                         "X-Forwarded-Proto: https\r\nX-Real-IP: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n");
    EXPECT_EQ(answer.body.find("mine"), answer.body.npos);
    EXPECT_EQ(answer.body.find("203.0.113.9"), answer.body.npos);
    EXPECT_EQ(value_of(answer.body, "x-forwarded-for"), "127.0.0.1");
    EXPECT_EQ(value_of(answer.body, "x-forwarded-proto"), "http");
    EXPECT_EQ(count_of(answer.body, "x-request-id"), 1);
}

TEST_F(Balancer, paths_of_an_allow_list_are_closed_to_others_however_they_are_written) {
    spec_.allow_lists = {{"/admin", {"203.0.113.0/24"}}, {"/console", {"127.0.0.0/8"}}};
    start();
    for (const char* path : {"/admin", "/admin/users", "/ADMIN/", "//admin", "/./admin", "/%61dmin", "/.//./admin"})
        EXPECT_EQ(client().request("GET", path).status, 403) << path;
    EXPECT_EQ(client().request("GET", "/x/../admin").status, 400);
    EXPECT_EQ(client().request("GET", "/x/%2e%2e/admin").status, 400);
    EXPECT_EQ(client().request("GET", "/console").status, 200);
    EXPECT_EQ(client().request("GET", "/echo?next=../admin").status, 200);
    EXPECT_EQ(client().request("GET", "/file..txt").status, 200);
    for (const char* seen : {" /admin", " /ADMIN", "//", "%"})
        EXPECT_EQ(count_of(web1_.log() + web2_.log(), seen), 0) << seen;
}

TEST_F(Balancer, with_a_certificate_http_is_redirected_and_hsts_is_said_once) {
    const auto certificate = net::make_self_signed({"localhost"}, 30);
    ASSERT_TRUE(certificate.ok());
    BalancerHost::certificate = certificate->certificate + certificate->private_key;
    spec_.certificate_secret = "tls.pem";
    start();
    const Answer redirect = client().request("GET", "/page?x=1");
    EXPECT_EQ(redirect.status, 308);
    EXPECT_EQ(value_of(redirect.head, "location"), "https://test:" + std::to_string(spec_.https_port) + "/page?x=1");
    const std::string url = "https://127.0.0.1:" + std::to_string(spec_.https_port);
    for (const char* path : {"/echo", "/hsts"}) {
        const auto answer = run_command({"curl", "-ski", "--max-time", "5", url + path});
        ASSERT_TRUE(answer.ok());
        EXPECT_NE(answer->find("HTTP/2 200"), answer->npos) << *answer;
        EXPECT_EQ(count_of(*answer, "strict-transport-security: max-age=31536000"), 1) << *answer;
        EXPECT_EQ(count_of(*answer, "strict-transport-security"), 1);
        EXPECT_NE(answer->find("x-forwarded-proto: https"), answer->npos);
    }
}

TEST_F(Balancer, a_websocket_passes) {
    start();
    Client socket = client();
    ASSERT_TRUE(socket.open());
    socket.send(
        "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    EXPECT_EQ(socket.receive().status, 101);
    socket.send("hello");
    EXPECT_EQ(socket.receive_bytes(5), "hello");
}

TEST_F(Balancer, the_push_servers_paths_go_to_it_and_to_web_servers_while_none_is_up) {
    spec_.push_path = "/push/";
    WebProcess push(dir_.path(), "push1", "127.0.0.1", free_port());
    ASSERT_TRUE(push.process().wait_for_port(push.server().port).ok()) << push.process().output();
    start();
    EXPECT_TRUE(value_of(client().request("GET", "/push/echo").body, "server").starts_with("web"));
    BalancerView with_push = view();
    with_push.web.push_back(push.server());
    with_push.web.back().backend = "push";
    host_->controller().want(with_push);
    ASSERT_TRUE(host_->wait_for("push1", "up", 10'000, "push")) << host_->haproxy().output();
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(value_of(client().request("GET", "/push/echo").body, "server"), "push1");
        EXPECT_NE(value_of(client().request("GET", "/echo").body, "server"), "push1");
    }
    ASSERT_TRUE(host_->controller().reload().ok());  // the new process learns its servers again
    ASSERT_TRUE(host_->wait_for("push1", "up", 10'000, "push")) << host_->haproxy().output();
    push.process().kill();
    ASSERT_TRUE(host_->wait_for("push1", "down", 10'000, "push"));
    const Answer answer = client().request("GET", "/push/echo");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(value_of(answer.body, "server").starts_with("web"));
}

TEST_F(Balancer, a_server_that_refuses_connections_is_out_for_the_fail_timeout) {
    spec_.fail_timeout_ms = 2'000;
    spec_.check_interval_ms = 1'000;  // so that the requests find out, not the checks
    start();
    web1_.process().kill();
    std::int64_t begin = now_ms();
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(client().request("POST", "/echo", "x").status, 200);
    ASSERT_TRUE(host_->wait_for("web1", "down", 500));
    ASSERT_TRUE(web1_.process().restart().ok());
    ASSERT_TRUE(host_->wait_for("web1", "up"));
    EXPECT_GE(now_ms() - begin, 2'000);
    // The same once more, but this time the cluster says that the process is a new one.
    web1_.process().kill();
    begin = now_ms();
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(client().request("POST", "/echo", "x").status, 200);
    ASSERT_TRUE(web1_.process().restart().ok());
    spec_.web[0].incarnation = "2";
    host_->controller().want(view());
    ASSERT_TRUE(host_->wait_for("web1", "up"));
}

TEST_F(Balancer, changes_of_servers_and_reloads_fail_no_request) {
    start();
    WebProcess web3(dir_.path(), "web3", "127.0.0.1", free_port());
    ASSERT_TRUE(web3.process().wait_for_port(web3.server().port).ok());
    // Twenty seconds of a long poll, and an upload that goes on meanwhile, both on the server that is drained.
    BalancerView only_web1 = view();
    only_web1.web[1].admission = Admission::draining;
    host_->controller().want(only_web1);
    ASSERT_TRUE(host_->wait_for("web2", "drain"));
    Answer poll, upload;
    std::thread polling([&] { poll = client().request("GET", "/slow?20000"); });
    std::atomic<bool> go_on{false};
    constexpr std::size_t kUpload = 20'000'000;
    std::thread uploading([&] {
        Client slow = client();
        ASSERT_TRUE(slow.open());
        slow.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(kUpload) + "\r\n\r\n");
        const std::string part(200'000, 'x');
        for (std::size_t sent = 0; sent < kUpload; sent += part.size()) {
            while (!go_on && sent > kUpload / 2)
                sleep_ms(10);
            if (!slow.send(part)) break;
        }
        upload = slow.receive();
    });
    ASSERT_TRUE(eventually([&] { return count_of(web1_.log(), "/slow?20000") == 1; }));
    Load load("127.0.0.1", spec_.http_port, 4);

    BalancerView changed = view();
    changed.web[0].admission = Admission::draining;
    changed.web[0].reason = "maintenance";
    host_->controller().want(changed);
    ASSERT_TRUE(host_->wait_for("web1", "drain"));
    sleep_ms(100);
    load.servers();
    sleep_ms(500);
    EXPECT_EQ(load.servers(), std::set<std::string>{"web2"});

    changed.web.push_back(web3.server());
    host_->controller().want(changed);
    const std::int64_t added = now_ms();
    EXPECT_TRUE(eventually([&] { return load.servers().contains("web3"); }));
    EXPECT_LE(now_ms() - added, 3'000);
    RecordProperty("added_ms", static_cast<int>(now_ms() - added));

    for (int i = 0; i < 3; ++i) {
        const Status reloaded = host_->controller().reload();
        ASSERT_TRUE(reloaded.ok()) << reloaded.error().message;
        EXPECT_EQ(host_->state_of("web1"), "drain");
        EXPECT_EQ(host_->state_of("web3"), "up");
    }

    changed.web.pop_back();  // web3 leaves while it works
    host_->controller().want(changed);
    // HAProxy deletes a server when its last idle connection is closed, after pool-purge-delay at the latest.
    EXPECT_TRUE(host_->wait_for("web3", "", 60'000));

    changed.web[1].admission = Admission::refused;
    changed.web[0].admission = Admission::admitted;
    changed.web[1].reason = "has version 0.3.0, the cluster 0.2.0";
    host_->controller().want(changed);
    ASSERT_TRUE(host_->wait_for("web2", "maint"));
    sleep_ms(100);
    load.servers();
    sleep_ms(500);
    EXPECT_EQ(load.servers(), std::set<std::string>{"web1"});
    EXPECT_TRUE(eventually([&] {
        for (const auto& server : host_->controller().status().web)
            if (server.name == "web2") return server.state == "refused" && server.reason == changed.web[1].reason;
        return false;
    }));

    changed.web[0].admission = Admission::draining;  // nobody would be left
    host_->controller().want(changed);
    EXPECT_TRUE(eventually([&] { return !host_->controller().status().problem.empty(); }));
    EXPECT_EQ(host_->state_of("web1"), "up");

    load.stop();
    EXPECT_EQ(load.failed(), 0) << load.failures() << host_->haproxy().output();
    EXPECT_GT(load.ok(), 100);
    go_on = true;
    polling.join();
    uploading.join();
    EXPECT_EQ(poll.status, 200);
    EXPECT_EQ(value_of(poll.body, "server"), "web1");
    EXPECT_EQ(upload.status, 200);
    EXPECT_EQ(value_of(upload.body, "bytes"), std::to_string(kUpload));
}

TEST_F(Balancer, after_kill_9_haproxy_begins_with_the_servers_it_had) {
    start();
    WebProcess web3(dir_.path(), "web3", "127.0.0.1", free_port());
    BalancerView changed = view();
    changed.web.erase(changed.web.begin());
    changed.web.push_back(web3.server());
    host_->controller().want(changed);
    ASSERT_TRUE(host_->wait_for("web3", "up") && host_->wait_for("web1", ""));
    host_->stop_controller();
    host_->haproxy().kill();
    const std::int64_t begin = now_ms();
    host_->start_haproxy();
    ASSERT_TRUE(host_->wait_for("web3", "up"));
    RecordProperty("restart_ms", static_cast<int>(now_ms() - begin));
    EXPECT_EQ(host_->state_of("web1"), "");
    EXPECT_EQ(client().request("GET", "/echo").status, 200);
}

TEST_F(Balancer, a_worker_that_hangs_does_not_keep_its_port_from_the_next) {
    start();
    const auto info = RuntimeApi(host_->service_dir("haproxy") + "/haproxy.sock").call("show info");
    ASSERT_TRUE(info.ok());
    const int worker = std::stoi(value_of(*info, "Pid"));
    ASSERT_EQ(::kill(worker, SIGSTOP), 0);
    EXPECT_TRUE(eventually([&] { return host_->controller().status().fault == "HAProxy does not answer"; }));
    host_->start_haproxy();  // kills the master, as the agent does
    ASSERT_TRUE(host_->wait_for("web1", "up"));
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(client().request("GET", "/echo").status, 200);
    const std::string process = "/proc/" + std::to_string(worker) + "/stat";  // none, or one that nobody has buried
    EXPECT_TRUE(
        eventually([&] { return text_of(process).empty() || text_of(process).find(") Z") != std::string::npos; }));
}

TEST_F(Balancer, blocks_and_their_end_reach_the_other_balancer) {
    BalancerSpec other = small_spec("lb2");
    other.web = spec_.web;
    spec_.peers = {{"lb2", "", "127.0.0.2"}};
    other.peers = {{"lb1", "", "127.0.0.1"}};
    other.back_address = "127.0.0.2";
    other.peers_port = spec_.peers_port;
    start();
    BalancerHost second(other, dir_.path("lb2"));
    second.start_haproxy();
    Client first = client(), at_second("127.0.0.2", other.http_port);
    ASSERT_TRUE(eventually([&] { return at_second.request("GET", "/echo").status == 200; }));
    ASSERT_TRUE(host_->controller().block("127.0.0.1").ok());
    EXPECT_EQ(first.request("GET", "/echo").status, 403);
    const std::int64_t begin = now_ms();
    EXPECT_TRUE(eventually([&] { return at_second.request("GET", "/echo").status == 403; }, 8'000));
    RecordProperty("shared_ms", static_cast<int>(now_ms() - begin));
    ASSERT_TRUE(host_->controller().unblock("127.0.0.1").ok());
    EXPECT_TRUE(eventually([&] { return at_second.request("GET", "/echo").status == 200; }, 1'000));
}

TEST_F(Balancer, too_many_requests_of_one_address_are_refused) {
    spec_.requests_per_10s_max = 20;
    start();
    Client one = client();
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(one.request("GET", "/echo").status, 200) << i;
    EXPECT_EQ(one.request("GET", "/echo").status, 429);
}

TEST_F(Balancer, has_metrics) {
    start();
    Client status("127.0.0.1", spec_.status_port);
    EXPECT_EQ(status.request("GET", "/health").status, 200);
    const auto metrics =
        run_command({"curl", "-s", "http://127.0.0.1:" + std::to_string(spec_.status_port) + "/metrics"});
    ASSERT_TRUE(metrics.ok());
    EXPECT_NE(metrics->find("haproxy_server_status{proxy=\"web\",server=\"web1\",state=\"UP\"} 1"), metrics->npos);
}

}  // namespace
}  // namespace stoa::cluster::testing
