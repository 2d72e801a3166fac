#include <gtest/gtest.h>

#include "cluster/node/agent.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::string_view kGood =
    "cluster = \"prod\"\nname = \"web1\"\nrole = \"web\"\naddress = \"10.0.0.11\"\n"
    "etcd = [\"http://10.0.0.1:2379/\", \"http://10.0.0.2:2379\"]\nwork_dir = \"/var/lib/stoa\"\n";

std::string complaint(const std::string& toml) {
    const auto options = parse_agent_options(toml, "node.toml");
    return options ? "accepted" : options.error().message;
}

TEST(AgentOptions, AreReadFromAFile) {
    const auto options = parse_agent_options(
        std::string(kGood) + "metrics = \"10.0.0.11:9100\"\nstop_services_at_exit = true\nlog_megabytes = 2\n", "x");
    ASSERT_TRUE(options.ok()) << options.error().message;
    EXPECT_EQ(options->name, "web1");
    EXPECT_EQ(options->etcd, (std::vector<std::string>{"http://10.0.0.1:2379", "http://10.0.0.2:2379"}));
    EXPECT_EQ(options->metrics, "10.0.0.11:9100");
    EXPECT_TRUE(options->stop_services_at_exit);
    EXPECT_EQ(options->log_bytes_max, 2 * 1024 * 1024);
    EXPECT_FALSE(parse_agent_options(kGood, "x")->stop_services_at_exit);
}

TEST(AgentOptions, SayWhatIsWrongInOneLine) {
    const std::string good(kGood);
    EXPECT_EQ(complaint(good + "nmae = 1\n"), "node.toml:7: nmae is not a known key.");
    EXPECT_EQ(complaint(good + "stop_services_at_exit = 1\n"),
              "node.toml:7: stop_services_at_exit must be true or false.");
    EXPECT_EQ(complaint("cluster = \"A b\"\n"), "node.toml:1: cluster must be a name of a-z, 0-9 and '-'.");
    EXPECT_EQ(complaint("cluster = \"prod\"\n"), "node.toml: name is missing.");
    EXPECT_EQ(complaint("etcd = [\"10.0.0.1\"]\n"),
              "node.toml:1: etcd must be a list of addresses, e.g. [\"http://10.0.0.1:2379\"].");
    EXPECT_EQ(complaint("etcd = []\n").find("node.toml:1: etcd must"), 0u);
    EXPECT_EQ(complaint("name = \n").find("node.toml:1"), 0u) << complaint("name = \n");
    EXPECT_FALSE(load_agent_options("/nowhere/node.toml").ok());
}

}  // namespace
}  // namespace stoa::cluster::node
