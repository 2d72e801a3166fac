// Redis: the first host leads, the others follow, Sentinels on the same hosts choose another when it is silent for a
// second. The leader refuses writes that no follower takes. Both programs write their role into their own
// configuration, so each works on a copy that is made once.

#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {

Service redis(const ClusterSpec& spec, const HostSpec& host) {
    const auto hosts = spec.of_role("redis");
    const HostSpec& leader = *hosts.front();
    const std::string password = secret(kRedisPassword);
    std::string settings = "bind " + host.address +
                           "\n"
                           "port " +
                           std::to_string(kRedisPort) +
                           "\n"
                           "dir {{dir}}/data\n"
                           "requirepass " +
                           password +
                           "\n"
                           "masterauth " +
                           password +
                           "\n"
                           "appendonly yes\n"
                           "appendfsync everysec\n"
                           "save \"\"\n"
                           "maxmemory " +
                           std::to_string(spec.redis.memory_mb) +
                           "mb\n"
                           "maxmemory-policy noeviction\n";  // the bus is in it
    if (hosts.size() > 1) {
        settings +=
            "repl-diskless-sync yes\nrepl-diskless-sync-delay 0\nrepl-backlog-size 8mb\nrepl-timeout 5\n"
            "repl-ping-replica-period 1\nmin-replicas-to-write 1\nmin-replicas-max-lag 2\n";
    }
    if (host.name != leader.name) settings += "replicaof " + leader.address + " " + std::to_string(kRedisPort) + "\n";
    Service service;
    service.name = "redis";
    service.argv = {"redis-server", "{{dir}}/running.conf"};
    service.files = {{"redis.conf", settings}};
    service.folders = {"data"};
    service.prepare = {{"cp", "{{dir}}/redis.conf", "{{dir}}/running.conf"}};
    service.health.kind = HealthCheck::Kind::command;  // an answer, even "authenticate", proves that it works
    service.health.command = {"timeout", "1", "redis-cli", "-h", host.address, "PING"};
    service.health.interval_ms = 1'000;
    service.health.timeout_ms = 1'500;
    return service;
}

Service sentinel(const ClusterSpec& spec, const HostSpec& host) {
    const HostSpec& leader = first_of(spec, "redis");
    Service service;
    service.name = "sentinel";
    service.argv = {"redis-server", "{{dir}}/running.conf", "--sentinel"};
    service.files = {{"sentinel.conf", "bind " + host.address +
                                           "\n"
                                           "port " +
                                           std::to_string(kSentinelPort) +
                                           "\n"
                                           "dir {{dir}}\n"
                                           "sentinel monitor stoa " +
                                           leader.address + " " + std::to_string(kRedisPort) +
                                           " 2\n"
                                           "sentinel auth-pass stoa " +
                                           secret(kRedisPassword) +
                                           "\n"
                                           "sentinel down-after-milliseconds stoa 1000\n"
                                           "sentinel failover-timeout stoa 3000\n"
                                           "sentinel parallel-syncs stoa 1\n"}};
    service.prepare = {{"cp", "{{dir}}/sentinel.conf", "{{dir}}/running.conf"}};
    service.health.kind = HealthCheck::Kind::tcp;
    service.health.address = at(host.address, kSentinelPort);
    service.health.interval_ms = 1'000;
    return service;
}

Service memcached(const HostSpec& host) {
    Service service;
    service.name = "memcached";
    service.argv = {"memcached", "-l", host.address, "-p",  std::to_string(kMemcachedPort), "-U", "0", "-m", "64",
                    "-t",        "2",  "-u",         "root"};
    service.health.kind = HealthCheck::Kind::tcp;
    service.health.address = at(host.address, kMemcachedPort);
    service.health.interval_ms = 1'000;
    service.stop_grace_ms = 2'000;
    return service;
}

}  // namespace stoa::cluster::engines
