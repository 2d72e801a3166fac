#pragma once
// Options and functions of `stoa cluster …` and `stoa lab …`. They print as those of commands.hpp do; a Result<int> is
// the exit code of a command that worked: 0 all is well, 1 warnings or not done, 2 errors found.

#include <string>
#include <vector>

#include "base/result.hpp"

namespace stoa::app {

/// Which cluster a command means: a lab's folder, or a spec (with etcd's addresses in it), or etcd's addresses.
struct ClusterOptions {
    std::string spec_file;          ///< cluster.toml
    std::string cluster_dir;        ///< of a lab
    std::vector<std::string> etcd;  ///< "http://10.0.0.1:2379"
    std::string name;               ///< of the cluster, when there is no spec
    bool json = false;
};
Result<int> cluster_plan(const ClusterOptions& options);
Result<int> cluster_lint(const ClusterOptions& options);
Result<int> cluster_topology(const ClusterOptions& options);
Result<int> cluster_status(const ClusterOptions& options);

struct ClusterApplyOptions : ClusterOptions {
    bool no_wait = false;
};
Result<int> cluster_apply(const ClusterApplyOptions& options);

struct ClusterDrainOptions : ClusterOptions {
    std::string host, reason;
    int timeout_s = 120;
};
/// 0: no request is left; 1: the time was over.
Result<int> cluster_drain(const ClusterDrainOptions& options);
Result<int> cluster_resume(const ClusterDrainOptions& options);

struct ClusterDoctorOptions : ClusterOptions {
    std::string secrets_dir;
};
Result<int> cluster_doctor(const ClusterDoctorOptions& options);
Result<int> cluster_doctor_net(const ClusterDoctorOptions& options);

struct ClusterDbOptions : ClusterOptions {
    std::string member, from;
    bool accept_loss = false;
};
/// 0: one takes writes, and all others acknowledge; 1: not so.
Result<int> cluster_db_status(const ClusterDbOptions& options);
Result<int> cluster_db_explain(const ClusterDbOptions& options);
Result<int> cluster_db_switchover(const ClusterDbOptions& options);
Result<int> cluster_db_failover(const ClusterDbOptions& options);
Result<int> cluster_db_reseed(const ClusterDbOptions& options);

struct LabUpOptions {
    std::string dir = "run/lab", topology = "classic", app, ui_dir;
    int web = 3, push = 0, network = 0;
    bool empty = false, clocks = false;
    bool json = false;
};
Result<int> lab_up(const LabUpOptions& options);

struct LabNodeOptions {
    std::string dir = "run/lab", name, role = "web";
    std::string fault = "kill";  ///< its name in cluster/lab/fault_table
    bool json = false;
};
Result<int> lab_down(const LabNodeOptions& options);
Result<int> lab_status(const LabNodeOptions& options);
Result<int> lab_kill(const LabNodeOptions& options);
/// Keeps a fault up until it is told to end.
Result<int> lab_disturb(const LabNodeOptions& options);
Result<int> lab_heal(const LabNodeOptions& options);
Result<int> lab_host_add(const LabNodeOptions& options);
Result<int> lab_host_remove(const LabNodeOptions& options);

}  // namespace stoa::app
