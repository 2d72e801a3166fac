#pragma once
// lab.json: what a lab is made of, so that any later command finds it. Also the lock that lets one command at a time
// change a lab. Any thread.

#include <string>

#include "base/fd.hpp"
#include "cluster/lab/lab.hpp"

namespace stoa::cluster::lab {

Status save(const LabInfo& info);

/// Absolute, without links; the folder may be absent.
std::string absolute_dir(const std::string& dir);

/// Held until the Fd closes. Errors: conflict when another command works on the lab and does not end in time.
Result<Fd> lock_lab(const std::string& absolute_dir, int timeout_ms = 200'000);

/// What down() does, for those who hold the lock.
Status remove_lab(const std::string& absolute_dir, const Progress& progress);
/// heal(), likewise. Notes the new agent in lab.json.
/// Those that live outside of the host: at the switch, in its disk, in processes of their own.
Status end_kept_up_faults(const LabInfo& info, const LabNode& node);
Status heal_host(LabInfo& info, const std::string& node);

// Names of files and folders of a lab.
std::string host_dir(const LabInfo& info, const std::string& host);
std::string secrets_dir(const LabInfo& info);
std::string spec_file(const LabInfo& info);

}  // namespace stoa::cluster::lab
