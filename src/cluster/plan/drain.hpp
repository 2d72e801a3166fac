#pragma once
// Takes a host out of service without breaking a request: the balancers give it nothing new, and it is waited for until
// nothing is left. Blocking, any thread.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/etcd/client.hpp"
#include "cluster/plan/spec.hpp"

namespace stoa::cluster {

struct BalancerSessions {
    std::string balancer;
    bool answers = false;
    bool admits = false;  ///< still gives it new requests
    int sessions = 0;
};
/// What each balancer says of a web or push host.
std::vector<BalancerSessions> sessions_of(const ClusterSpec& spec, const std::string& host);

struct DrainOptions {
    std::string reason;
    int timeout_ms = 120'000;
    std::function<void(int sessions)> progress;  ///< when the number changes
};
/// True when it is empty; false when the time was over: it stays drained. A push host is not waited for until it is
/// empty: clients stay connected for hours, and are sent elsewhere a part at a time when its process is stopped.
/// Errors: not_found (no such host), those of the client.
Result<bool> drain(etcd::Client& etcd, const ClusterSpec& spec, const std::string& host, const DrainOptions& options);
/// Errors: not_found (no such host), those of the client. Fine when it was not drained.
Status resume(etcd::Client& etcd, const ClusterSpec& spec, const std::string& host);

/// The value of the sample that has all of these labels ("server=\"web1\""); nullopt when there is none. Prometheus
/// text.
std::optional<double> sample(std::string_view metrics, std::string_view name, const std::vector<std::string>& labels);

}  // namespace stoa::cluster
