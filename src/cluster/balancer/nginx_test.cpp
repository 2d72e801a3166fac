// deploy/balancer/nginx.conf.template on a real nginx.

#include "cluster/balancer/test_balancer.hpp"
#include "net/tls_certificate.hpp"

namespace stoa::cluster::testing {
namespace {

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
        const std::string mark = "{{" + name + "}}";
        for (std::size_t at = 0; (at = text.find(mark, at)) != text.npos; at += value.size())
            text.replace(at, mark.size(), value);
    }
    return text;
}

TEST(NginxTemplate, balances_and_sends_a_post_again_with_the_same_id) {
    const TempDir dir;
    WebProcess web1(dir.path(), "web1", "127.0.0.1", free_port()), web2(dir.path(), "web2", "127.0.0.1", free_port());
    const auto certificate = net::make_self_signed({"localhost"}, 30);
    ASSERT_TRUE(certificate.ok());
    ASSERT_TRUE(write_file_atomic(dir.path("tls.crt"), certificate->certificate).ok());
    ASSERT_TRUE(write_file_atomic(dir.path("tls.key"), certificate->private_key, 0600).ok());
    const std::uint16_t http = free_port(), https = free_port();
    const auto line = [](const WebProcess& web) {
        return "server " + web.server().address + ':' + std::to_string(web.server().port) +
               " max_fails=3 fail_timeout=15s;\n";
    };
    std::string comments = text_of(STOA_SOURCE_DIR "/deploy/balancer/nginx.conf.template");
    ASSERT_FALSE(comments.empty());
    comments.erase(0, comments.find("\n\n"));  // what stands above is for people
    const std::string text = filled(comments, {{"http_port", std::to_string(http)},
                                               {"https_port", std::to_string(https)},
                                               {"certificate", dir.path("tls.crt")},
                                               {"key", dir.path("tls.key")},
                                               {"web_servers", line(web1) + line(web2)},
                                               {"admin_networks", "allow 203.0.113.0/24;"},
                                               {"state_dir", dir.path()}});
    EXPECT_EQ(text.find("{{"), text.npos);
    ASSERT_TRUE(write_file_atomic(dir.path("nginx.conf"), text).ok());
    auto nginx = EngineProcess::start(
        {{"nginx", "-p", dir.path(), "-c", dir.path("nginx.conf"), "-g", "daemon off;"}, dir.path(), "nginx.txt"});
    ASSERT_TRUE(nginx.ok());
    for (auto* web : {&web1, &web2})
        ASSERT_TRUE(web->process().wait_for_port(web->server().port).ok());
    ASSERT_TRUE((*nginx)->wait_for_port(https).ok()) << (*nginx)->output();

    const std::string url = "https://127.0.0.1:" + std::to_string(https);
    const auto curl = [&](std::vector<std::string> arguments) {
        std::vector<std::string> argv = {"curl", "-ski", "--max-time", "10"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return run_command(argv).value_or("");
    };
    for (int i = 0; i < 6; ++i)
        EXPECT_NE(curl({url + "/echo"}).find("HTTP/2 200"), std::string::npos);
    EXPECT_GE(count_of(web1.log(), "/echo"), 2);
    EXPECT_GE(count_of(web2.log(), "/echo"), 2);
    const std::string died = curl({"-H", "X-Request-ID: mine", "-d", "x=1", url + "/die?post"});
    EXPECT_NE(died.find("HTTP/2 200"), died.npos) << died << (*nginx)->output();
    const std::string id = value_of(died, "x-request-id");
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(count_of(web1.log(), "POST /die?post " + id), 1);
    EXPECT_EQ(count_of(web2.log(), "POST /die?post " + id), 1);
    EXPECT_EQ(count_of(curl({url + "/hsts"}), "strict-transport-security"), 1);
    EXPECT_NE(curl({url + "/admin"}).find("HTTP/2 403"), std::string::npos);
    EXPECT_NE(curl({"http://127.0.0.1:" + std::to_string(http) + "/x"}).find(" 308 "), std::string::npos);
    for (const char* setting : {"least_conn;", "keepalive 32;", "max_fails=3 fail_timeout=15s", "non_idempotent"})
        EXPECT_NE(text.find(setting), text.npos) << setting;
    EXPECT_TRUE((*nginx)->terminate());
}

}  // namespace
}  // namespace stoa::cluster::testing
