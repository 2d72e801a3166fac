#include "cluster/plan/spec.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "cluster/plan/services.hpp"
#include "cluster/plan/test_specs.hpp"

namespace stoa::cluster {
namespace {

std::string complaint(const std::string& text) {
    const auto spec = parse_spec(text, "c.toml", "");
    return spec ? "none" : spec.error().message;
}

TEST(Spec, needs_little) {
    const auto spec = parse_spec(test_specs::kSmall, "c.toml", "");
    ASSERT_TRUE(spec.ok()) << spec.error().message;
    EXPECT_EQ(spec->topology, Topology::single);
    EXPECT_EQ(spec->public_url, "https://10.0.1.10");
    EXPECT_EQ(spec->web.port, 8080);
    EXPECT_TRUE(spec->portal());
}

TEST(Spec, names_line_and_key_of_a_mistake) {
    EXPECT_EQ(complaint("name = 5\n[network]\nfront_address = \"10.0.1.10/24\"\n"),
              "c.toml:1: name must be a text in quotes.");
    EXPECT_EQ(complaint(test_specs::kSmall + "[web]\nmni = 3\n"), "c.toml:19: web.mni is not a known key.");
    EXPECT_EQ(complaint(test_specs::kSmall + "[[host]]\nname = \"x\"\nrole = \"wbe\"\naddress = \"10.0.0.99\"\n"),
              "c.toml:20: host.role must be one of lb, web, push, db, redis, etcd, files.");
    EXPECT_EQ(complaint(test_specs::kSmall + "[[host]]\nname = \"web1\"\nrole = \"web\"\naddress = \"10.0.0.99\"\n"),
              "c.toml:19: host.name \"web1\" is there twice.");
    EXPECT_EQ(complaint(test_specs::kSmall + "[[host]]\nname = \"x\"\nrole = \"lb\"\naddress = \"10.0.0.21\"\n"),
              "c.toml:21: host.address 10.0.0.21 belongs to \"web1\" already.");
    // A key that is missing because another was mistyped: the mistyped one is named.
    EXPECT_EQ(complaint("nme = \"x\"\n"), "c.toml:1: nme is not a known key.");
    EXPECT_EQ(complaint(test_specs::kSmall + "[[host]]\nnam = \"x\"\nrole = \"web\"\naddress = \"10.0.0.99\"\n"),
              "c.toml:19: host.nam is not a known key.");
}

TEST(Spec, wants_hosts_that_make_a_cluster) {
    const std::string network = "[network]\nfront_address = \"10.0.1.10/24\"\n";
    EXPECT_NE(complaint(network).find("describe each host"), std::string::npos);
    EXPECT_NE(complaint("topology = \"galera\"\n" + test_specs::kHosts).find("role db is missing"), std::string::npos);
    EXPECT_NE(complaint(test_specs::kClassic + "[[host]]\nname = \"lb3\"\nrole = \"lb\"\naddress = \"10.0.0.13\"\n")
                  .find("two at most"),
              std::string::npos);
    const std::string push = "[[host]]\nname = \"push1\"\nrole = \"push\"\naddress = \"10.0.0.99\"\n";
    EXPECT_EQ(complaint(test_specs::kClassic + push), "none");
    EXPECT_NE(complaint(test_specs::kSmall + push).find("share a Redis"), std::string::npos);
    EXPECT_NE(complaint(test_specs::kClassic + push + "[web.app]\ncommand = [\"app\"]\n").find("belongs to a portal"),
              std::string::npos);
}

TEST(Spec, refuses_a_floating_address_that_a_host_owns) {
    std::string text = test_specs::kSmall;
    text.replace(text.find("10.0.1.10/24"), 12, "10.0.0.21/24");
    EXPECT_NE(complaint(text).find("which is web1's own"), std::string::npos) << complaint(text);
}

TEST(Spec, reads_an_application) {
    const auto spec = parse_spec(test_specs::kClassic +
                                     "[web.app]\ncommand = [\"nginx\", \"-c\", \"{{dir}}/n.conf\"]\nversion = \"2\"\n"
                                     "stop_signal = \"SIGQUIT\"\n"
                                     "[[web.app.file]]\npath = \"n.conf\"\ncontent = \"x {{secret:k}}\"\n"
                                     "[[web.app.helper]]\nname = \"fpm\"\ncommand = [\"fpm\"]\n",
                                 "c.toml", "");
    ASSERT_TRUE(spec.ok()) << spec.error().message;
    EXPECT_FALSE(spec->portal());
    EXPECT_EQ(spec->web.app.main.stop_signal, SIGQUIT);
    EXPECT_EQ(spec->web.app.main.files[0].mode, 0600);
    EXPECT_EQ(spec->web.app.helpers[0].name, "fpm");
}

TEST(Spec, keeps_files_of_an_application_in_their_folder) {
    const std::string app =
        test_specs::kClassic + "[web.app]\ncommand = [\"x\"]\n[[web.app.file]]\ncontent = \"x\"\npath = ";
    EXPECT_NE(complaint(app + "\"../x\"\n").find("web.app.file.path must be a path below"), std::string::npos);
    EXPECT_NE(complaint(app + "\"/etc/x\"\n").find("web.app.file.path must be a path below"), std::string::npos);
}

TEST(Spec, survives_writing_and_reading) {
    for (const std::string& text : std::vector<std::string>{
             test_specs::kSmall, test_specs::kClassic,
             test_specs::kClassic +
                 "[admin]\nallow = [\"10.0.0.0/8\"]\n[database]\nmemory_mb = 128\nwithout_standby = "
                 "\"alarm\"\n[web]\nmin = 3\n"
                 "provider = [\"/bin/x\", \"a b\"]\n[web.app]\ncommand = [\"n\"]\nhealth = \"/up\"\n"
                 "[[web.app.file]]\npath = \"p\"\ncontent = \"a\\n\\\"b\\\"\"\nshared = false\n"
                 "[[web.app.helper]]\nname = \"f\"\ncommand = [\"f\"]\nhealth = \"127.0.0.1:9\"\n"}) {
        const auto spec = parse_spec(text, "c.toml", "");
        ASSERT_TRUE(spec.ok()) << spec.error().message;
        const auto again = parse_spec(to_toml(*spec), "again", "");
        ASSERT_TRUE(again.ok()) << again.error().message << "\n" << to_toml(*spec);
        EXPECT_TRUE(*again == *spec) << to_toml(*spec);
    }
}

}  // namespace
}  // namespace stoa::cluster
