#pragma once
// A member's data copied anew from another, over TCP inside the cluster: who needs it listens (socat | mbstream) and
// says so in etcd; the giver's agent streams a backup of its running server there (mariabackup | socat). The old folder
// is kept beside the new one until the next copy. Blocking: minutes for a large database.
// https://mariadb.com/kb/en/using-encryption-and-compression-tools-with-mariabackup/ tells of streams

#include <functional>
#include <string>

#include "base/result.hpp"
#include "cluster/database/records.hpp"
#include "cluster/etcd/client.hpp"

namespace stoa::cluster::database {

struct ReseedOptions {
    std::string dir;      ///< of the service: data, my.cnf and socket lie there
    std::string address;  ///< to listen on
    int port = 4444;
    int timeout_s = 4 * 3'600;
};

/// Of the member whose server is down. Gives the position of the copy, nothing when the data themselves hold it.
/// Errors: unavailable (the giver did not send all, or became another's follower or leader meanwhile), timeout,
/// internal (what the tools said last). The old data stay in place unless all went well.
Result<Position> fetch_copy(const ReseedOptions& options, etcd::Client& etcd, const DatabaseKeys& keys,
                            const std::string& member, const std::string& from, const std::function<bool()>& stopping);

/// Of the giver: what `copies/<member>` asks for. `to` is "host:port".
Status send_copy(const ReseedOptions& options, const std::string& to, const std::function<bool()>& stopping);

}  // namespace stoa::cluster::database
