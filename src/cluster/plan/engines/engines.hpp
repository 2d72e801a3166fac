#pragma once
// Service templates: how each engine is started, checked and stopped on its host. One file per engine. Pure functions;
// the spec must be one that parse_spec() gave.
//
// Ports are fixed: hosts have addresses of their own. Each service may look into the folders of the others of its host:
// {{dir}}/../NAME.

#include <string>
#include <vector>

#include "cluster/plan/spec.hpp"

namespace stoa::cluster::engines {

inline constexpr int kEtcdPort = 2379, kEtcdPeerPort = 2380;
inline constexpr int kDatabasePort = 3306;
inline constexpr int kRedisPort = 6379, kSentinelPort = 26379, kMemcachedPort = 11211;
inline constexpr int kBrickPort = 49152;

// Names of secrets: files in the secrets folder of each host that needs them.
inline constexpr const char* kDatabasePassword = "database-password";  ///< of the application's user
inline constexpr const char* kReplicaPassword = "replica-password";    ///< of replication
inline constexpr const char* kRedisPassword = "redis-password";
inline constexpr const char* kPushKey = "push-key";             ///< signs channels of the push server
inline constexpr const char* kCertificate = "certificate.pem";  ///< chain and key, for the balancers

Service etcd(const ClusterSpec& spec, const HostSpec& host);
Service mariadb(const ClusterSpec& spec, const HostSpec& host);
Service galera(const ClusterSpec& spec, const HostSpec& host);
Service redis(const ClusterSpec& spec, const HostSpec& host);
Service sentinel(const ClusterSpec& spec, const HostSpec& host);
Service memcached(const HostSpec& host);
/// GlusterFS without its manager: bricks, the healer beside each, and the mount on a web host.
Service brick(const ClusterSpec& spec, const HostSpec& host);
Service healer(const ClusterSpec& spec, const HostSpec& host);
Service files_mount(const ClusterSpec& spec);
/// The portal, or the application of the spec with its helpers.
std::vector<Service> web(const ClusterSpec& spec, const HostSpec& host);
/// The push server alone.
Service push(const ClusterSpec& spec, const HostSpec& host);
std::vector<Service> balancer(const ClusterSpec& spec, const HostSpec& host);

// What several of them need.

std::string secret(const char* name);
/// "10.0.0.1:6379"
std::string at(const std::string& address, int port);
/// The first of the role, which is the first primary. The role must have hosts.
const HostSpec& first_of(const ClusterSpec& spec, std::string_view role);
/// Settings that all MariaDB have, without replication. `server_id` is the host's place among the databases, from 1.
std::string mariadb_settings(const ClusterSpec& spec, const HostSpec& host);
/// Users and schema, each server for itself, so that nothing of it is in the log of changes.
std::string mariadb_users(const ClusterSpec& spec);
std::vector<std::string> mariadb_install();
HealthCheck mariadb_health();
/// Whether agents elect who takes writes: where there is somebody who could acknowledge.
bool has_elections(const ClusterSpec& spec);
/// Where memcached runs: on the first two Redis hosts.
std::vector<const HostSpec*> memcached_hosts(const ClusterSpec& spec);
/// "{{dir}}/../files-mount/mount", or empty when there are no files hosts.
std::string shared_folder(const ClusterSpec& spec);

}  // namespace stoa::cluster::engines
