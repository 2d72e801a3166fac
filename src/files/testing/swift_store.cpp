#include "files/testing/swift_store.hpp"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "files/s3/client.hpp"
#include "net/http_client.hpp"

namespace stoa::files::testing {
namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

std::string user_name() {
    const passwd* user = ::getpwuid(::getuid());
    return user != nullptr ? user->pw_name : "root";
}

/// One process for the three rings: the command line tool takes seconds. With the Python that Debian puts Swift into.
constexpr const char* kRings = R"(
import sys
from swift.common.ring import RingBuilder
folder = sys.argv[1]
for name, port in zip(('account', 'container', 'object'), sys.argv[2:]):
    ring = RingBuilder(4, 1, 1)
    ring.add_dev({'id': 0, 'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'disk', 'weight': 1.0,
                  'replication_ip': '127.0.0.1', 'replication_port': int(port), 'meta': ''})
    ring.rebalance()
    ring.get_ring().save('%s/%s.ring.gz' % (folder, name))
)";

}  // namespace

Result<std::unique_ptr<SwiftStore>> SwiftStore::start() {
    std::unique_ptr<SwiftStore> swift(new SwiftStore());
    swift->port_ = fixture::free_port();
    swift->cache_port_ = fixture::free_port();
    swift->account_port_ = fixture::free_port();
    swift->container_port_ = fixture::free_port();
    swift->object_port_ = fixture::free_port();
    STOA_CHECK(swift->write_configuration());
    STOA_CHECK(swift->build_rings());
    STOA_CHECK(swift->start_servers());
    STOA_CHECK(swift->make_bucket());
    return swift;
}

Status SwiftStore::write_configuration() {
    const std::string& folder = folder_.path();
    std::filesystem::create_directories(folder + "/devices/disk");
    write(folder + "/swift.conf",
          "[swift-hash]\nswift_hash_path_prefix = p\nswift_hash_path_suffix = s\n"
          "[storage-policy:0]\nname = p0\ndefault = yes\n");
    const std::string common = "bind_ip = 127.0.0.1\nswift_dir = " + folder + "\nuser = " + user_name() +
                               "\nworkers = 0\nlog_level = WARNING\n";
    const std::pair<const char*, std::uint16_t> servers[] = {
        {"account", account_port_}, {"container", container_port_}, {"object", object_port_}};
    for (const auto& [name, port] : servers) {
        write(folder + "/" + name + ".conf", "[DEFAULT]\nbind_port = " + std::to_string(port) + "\ndevices = " +
                                                 folder + "/devices\nmount_check = false\ndisable_fallocate = true\n" +
                                                 common + "[pipeline:main]\npipeline = " + name +
                                                 "-server\n[app:" + name + "-server]\nuse = egg:swift#" + name + "\n");
    }
    write(folder + "/proxy.conf",
          "[DEFAULT]\nbind_port = " + std::to_string(port_) + "\n" + common +
              "[pipeline:main]\npipeline = catch_errors cache s3api tempauth copy bulk slo dlo proxy-server\n"
              "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
              "conn_timeout = 0.5\nnode_timeout = 5\nrecoverable_node_timeout = 2\nerror_suppression_limit = 1000\n"
              "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\n"
              "[filter:catch_errors]\nuse = egg:swift#catch_errors\n"
              "[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:" +
              std::to_string(cache_port_) +
              "\n"
              "[filter:s3api]\nuse = egg:swift#s3api\ns3_acl = false\nlocation = us-east-1\n"
              "[filter:copy]\nuse = egg:swift#copy\n[filter:bulk]\nuse = egg:swift#bulk\n"
              "[filter:slo]\nuse = egg:swift#slo\n[filter:dlo]\nuse = egg:swift#dlo\n");
    return {};
}

Status SwiftStore::build_rings() {
    STOA_CHECK(fixture::run_command({"/usr/bin/python3", "-c", kRings, folder_.path(), std::to_string(account_port_),
                                     std::to_string(container_port_), std::to_string(object_port_)},
                                    60'000));
    return {};
}

Result<std::unique_ptr<fixture::EngineProcess>> SwiftStore::start_server(const std::string& name) {
    return fixture::EngineProcess::start(
        {{"swift-" + name + "-server", folder_.path() + "/" + name + ".conf", "--verbose"},
         folder_.path(),
         name + ".txt"});
}

Status SwiftStore::start_servers() {
    STOA_TRY(cache_, fixture::EngineProcess::start({{"memcached", "-l", "127.0.0.1", "-p", std::to_string(cache_port_),
                                                     "-u", user_name(), "-m", "16", "-t", "1"},
                                                    folder_.path(),
                                                    "memcached.txt"}));
    STOA_TRY(account_, start_server("account"));
    STOA_TRY(container_, start_server("container"));
    STOA_TRY(object_, start_server("object"));
    STOA_TRY(proxy_, start_server("proxy"));
    STOA_CHECK(account_->wait_for_port(account_port_, 60'000));
    STOA_CHECK(container_->wait_for_port(container_port_, 60'000));
    STOA_CHECK(object_->wait_for_port(object_port_, 60'000));
    return proxy_->wait_for_port(port_, 60'000);
}

Status SwiftStore::make_bucket() {
    STOA_TRY(s3::Endpoint endpoint, s3::endpoint_of(url("")));
    endpoint.stall_ms = 20'000;
    s3::Client client(endpoint, system_clock());
    Beat beat;
    const auto made = client.expect({"make bucket", "PUT", "/" + std::string(kBucket)}, beat);
    if (made) return {};
    return internal_error(made.error().message + " The proxy printed:\n" + proxy_->output());
}

EngineUrl SwiftStore::url(const std::string& prefix, const std::string& secret_key) const {
    EngineUrl out;
    out.scheme = "s3+http";
    out.user = kAccessKey;
    out.password = secret_key;
    out.hosts = {{"127.0.0.1", port_}};
    out.path = std::string(kBucket) + (prefix.empty() ? "" : "/" + prefix);
    // Python on a busy machine: slower than any store that serves people.
    out.parameters["stall_ms"] = "10000";
    return out;
}

Status SwiftStore::wait_until_it_answers() {
    net::ClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(port_) + "/";
    request.allow_private_targets = true;
    request.timeout_ms = 2'000;
    STOA_CHECK(object_->wait_for_port(object_port_, 60'000));
    return proxy_->wait_until([&] { return net::fetch(request).ok(); }, 60'000);
}

}  // namespace stoa::files::testing
