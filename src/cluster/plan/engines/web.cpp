// Web hosts: the portal, or any other application. The portal's configuration is the same on all of them, so that its
// hash tells whether a host fits. Push hosts: a part of the portal.

#include "base/toml_tree.hpp"
#include "cluster/plan/engines/engines.hpp"
#include "cluster/plan/services.hpp"

namespace stoa::cluster::engines {
namespace {

// Never before the mount is there: the folder below it must stay empty.
constexpr const char* kAfterMount = R"sh(#!/bin/sh
mount=$(realpath "$(dirname "$0")/../files-mount")/mount
tries=0
until grep -q " $mount fuse" /proc/self/mounts; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ]; then echo "$mount is not mounted" >&2; exit 1; fi
    sleep 0.1
done
timeout 10 mkdir -p "$mount/stoa"
exec "$@"
)sh";

std::string hosts_of(const std::vector<const HostSpec*>& hosts, int port) {
    std::string out;
    for (const HostSpec* host : hosts)
        out += (out.empty() ? "" : ",") + at(host->address, port);
    return out;
}

std::string trusted_proxies(const ClusterSpec& spec) {
    std::string proxies;
    const auto add = [&proxies](const std::string& address) {
        if (!address.empty()) proxies += (proxies.empty() ? "" : ", ") + toml_quoted(address + "/32");
    };
    for (const HostSpec* lb : spec.of_role("lb"))
        add(lb->address);
    add(without_prefix(spec.network.back_address));
    return "trusted_proxies = [" + proxies + "]\n";
}

std::string bus_settings(const ClusterSpec& spec) {
    const auto redis = spec.of_role("redis");
    const std::string address = redis.size() > 1 ? "redis+sentinel://" + hosts_of(redis, kSentinelPort) + "/stoa"
                                                 : "redis://" + hosts_of(redis, kRedisPort);
    return "\n[bus]\nurl = \"" + address + "\"\npassword_file = \"{{dir}}/redis.password\"\n";
}

constexpr const char* kPushSettings = "\n[push]\nkey_file = \"{{dir}}/push.key\"\n";

std::string portal_settings(const ClusterSpec& spec) {
    std::string out = "data_dir = \"{{dir}}/data\"\npublic_url = " + toml_quoted(spec.public_url) + "\n";
    if (spec.web.workers > 0) out += "workers = " + std::to_string(spec.web.workers) + "\n";
    out += trusted_proxies(spec);
    if (spec.topology == Topology::single) return out;
    out += "\n[database]\nurl = \"mariadb://stoa@" + hosts_of(spec.of_role("db"), kDatabasePort) + "/" +
           spec.database.schema + (spec.topology == Topology::galera ? "?mode=galera" : "") +
           "\"\npassword_file = \"{{dir}}/database.password\"\n";
    if (has_elections(spec)) {
        std::string etcd;
        for (const std::string& endpoint : etcd_endpoints(spec))
            etcd += (etcd.empty() ? "" : ", ") + toml_quoted(endpoint);
        out += "\n[cluster]\nname = " + toml_quoted(spec.name) + "\netcd = [" + etcd + "]\n";
    }
    if (!spec.of_role("redis").empty()) {
        out += "\n[cache]\nurl = \"memcached://" + hosts_of(memcached_hosts(spec), kMemcachedPort) + "\"\n";
        out += bus_settings(spec);
    }
    out += kPushSettings;
    if (!shared_folder(spec).empty()) out += "\n[files]\nurl = \"dir:" + shared_folder(spec) + "/stoa\"\n";
    return out;
}

void check_over_http(Service& service, const std::string& url) {
    service.health.kind = HealthCheck::Kind::http;
    service.health.address = url;
    service.health.interval_ms = 200;
    service.health.timeout_ms = 500;
    service.health.fall = 2;
    // One that hangs is killed, so that its connections are reset and the balancer asks another one.
    service.health.kill_after_ms = 600;
}

Service portal(const ClusterSpec& spec, const HostSpec& host) {
    Service service;
    service.name = "web";
    service.files = {{"stoa.toml", portal_settings(spec), 0600, true}};
    if (spec.topology != Topology::single) {
        service.files.push_back({"database.password", secret(kDatabasePassword), 0600, true});
        service.files.push_back({"push.key", secret(kPushKey), 0600, true});
        if (!spec.of_role("redis").empty())
            service.files.push_back({"redis.password", secret(kRedisPassword), 0600, true});
    }
    service.argv = {
        spec.program, "serve", "--config", "{{dir}}/stoa.toml", "--http", "--listen", at(host.address, spec.web.port)};
    if (!spec.web.ui_dir.empty()) {
        service.argv.emplace_back("--ui");
        service.argv.push_back(spec.web.ui_dir);
    }
    if (!shared_folder(spec).empty()) {
        service.files.push_back({"start.sh", kAfterMount, 0600, true});
        service.argv.insert(service.argv.begin(), {"sh", "{{dir}}/start.sh"});
    }
    check_over_http(service, "http://" + at(host.address, spec.web.port) + "/ready");
    service.restart_first_ms = 50;
    service.stop_grace_ms = 70'000;  // longer than its drain_ms
    return service;
}

std::string for_host(std::string text, const ClusterSpec& spec, const HostSpec& host) {
    const std::pair<std::string, std::string> words[] = {
        {"{{address}}", host.address},
        {"{{port}}", std::to_string(spec.web.port)},
        {"{{host}}", host.name},
        {"{{shared}}", shared_folder(spec)},
        {"{{sentinels}}", hosts_of(spec.of_role("redis"), kSentinelPort)},
        {"{{databases}}", hosts_of(spec.of_role("db"), kDatabasePort)},
        {"{{back}}", without_prefix(spec.network.back_address)},
        {"{{front}}", without_prefix(spec.network.front_address)},
    };
    for (const auto& [word, value] : words) {
        for (auto at_word = text.find(word); at_word != std::string::npos;
             at_word = text.find(word, at_word + value.size()))
            text.replace(at_word, word.size(), value);
    }
    return text;
}

Service program(const ClusterSpec& spec, const HostSpec& host, const AppSpec::Program& what) {
    Service service;
    service.name = what.name;
    for (const std::string& word : what.command)
        service.argv.push_back(for_host(word, spec, host));
    for (ServiceFile file : what.files) {
        file.content = for_host(file.content, spec, host);
        service.files.push_back(std::move(file));
    }
    service.stop_signal = what.stop_signal;
    return service;
}

}  // namespace

Service push(const ClusterSpec& spec, const HostSpec& host) {
    Service service;
    service.name = "push";
    service.files = {
        {"stoa.toml", "data_dir = \"{{dir}}/data\"\n" + trusted_proxies(spec) + bus_settings(spec) + kPushSettings,
         0600, true},
        {"push.key", secret(kPushKey), 0600, true},
        {"redis.password", secret(kRedisPassword), 0600, true}};
    service.argv = {spec.program, "serve",    "--roles",
                    "push",       "--config", "{{dir}}/stoa.toml",
                    "--http",     "--listen", at(host.address, spec.web.port)};
    check_over_http(service, "http://" + at(host.address, spec.web.port) + "/ready");
    service.restart_first_ms = 50;
    service.stop_grace_ms = 70'000;  // longer than its drain_ms
    return service;
}

std::vector<Service> web(const ClusterSpec& spec, const HostSpec& host) {
    std::vector<Service> services;
    if (!shared_folder(spec).empty()) services.push_back(files_mount(spec));
    if (spec.portal()) {
        services.push_back(portal(spec, host));
        return services;
    }
    for (const AppSpec::Program& helper : spec.web.app.helpers) {
        services.push_back(program(spec, host, helper));
        if (helper.health.empty()) continue;
        services.back().health.kind = HealthCheck::Kind::tcp;
        services.back().health.address = for_host(helper.health, spec, host);
    }
    services.push_back(program(spec, host, spec.web.app.main));
    check_over_http(services.back(), "http://" + at(host.address, spec.web.port) + spec.web.app.main.health);
    return services;
}

}  // namespace stoa::cluster::engines
