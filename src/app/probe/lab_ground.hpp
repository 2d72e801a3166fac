#pragma once
// LabGround: the lab as drills see it: who is there and well, who owns the floating address, faults by name. Blocking;
// one thread at a time.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/probe/target.hpp"
#include "cluster/lab/lab.hpp"
#include "cluster/plan/spec.hpp"

namespace stoa::app::probe {

/// The lab in that folder as a client of its own network sees it; makes a login link. Errors: not_found (no lab).
Result<Target> target_of_lab(const std::string& dir);

/// Logs an administrator in, once: a user of the probe's own. Empty: none could be made.
std::string make_admin_link(const std::string& dir);

class LabGround {
  public:
    static Result<LabGround> open(const std::string& dir);

    const cluster::lab::LabInfo& info() const { return info_; }
    std::vector<std::string> hosts(std::string_view role) const;
    /// Where each web host listens, for those who go past the balancers: "http://10.98.0.21:8080".
    Result<std::vector<std::string>> web_addresses() const;

    /// Empty when every host is registered, without faults, and all its services are well; else what is not.
    Result<std::string> degraded() const;
    /// The same of the hosts of one role.
    Result<std::string> degraded(std::string_view role) const;
    /// Errors: timeout, saying what is not well.
    Status wait_until_well(int timeout_ms) const;
    /// Web hosts that are registered and whose `web` is well, those that were added since included.
    Result<int> well_web_hosts() const;
    /// How many of them the lab's description asks for at least.
    Result<int> web_hosts_min() const;
    /// Those without an agent.
    Result<std::vector<std::string>> dead_hosts(std::string_view role) const;

    /// The balancer that has the floating address; of several, the first. Errors: not_found.
    Result<std::string> address_owner() const;
    std::string host_dir(const std::string& host) const { return info_.dir + "/" + host; }
    bool has_clocks() const { return info_.clocks; }
    const std::string& topology() const { return info_.topology; }
    std::string floating_address() const;

    Status kill(const std::string& target, cluster::lab::Fault fault) const;
    Status heal(const std::string& host) const;
    /// What a drill that broke off left; as far as it goes.
    void heal_all() const;
    /// kill -9 to the agent alone; its services go on.
    Status kill_agent(const std::string& host) const;
    /// A signal to the main process of a service.
    Status signal(const std::string& host, const std::string& service, int signal_number) const;
    /// The database host that takes writes; with Galera the one that web processes use. Errors: not_found; unsupported
    /// with the embedded store.
    Result<std::string> database_leader() const;
    /// A number that is another one whenever somebody else takes writes. In labs without elections always 0.
    Result<std::int64_t> database_changes() const;
    /// Another one, without a failure.
    Status switch_database() const;
    /// Whether a Redis is the one that takes writes.
    bool redis_leads(const std::string& host) const;
    /// Marks a host as drained, or takes the mark away.
    Status set_drain(const std::string& host, bool drained) const;
    Status remove_host(const std::string& host) const;
    /// `stoa cluster apply` of the lab's description with this change to it; `nullptr`: as it stands in the file.
    Status apply(void (*change)(cluster::ClusterSpec& spec)) const;

  private:
    /// Empty when one database takes writes and all others acknowledge.
    std::string database_problem() const;

    explicit LabGround(cluster::lab::LabInfo info) : info_(std::move(info)) {}
    cluster::lab::LabInfo info_;
};

}  // namespace stoa::app::probe
