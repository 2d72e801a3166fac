// GlusterFS that keeps each file on every files host, without its manager glusterd: what that would write, the
// descriptions of bricks, clients and healers, stands here. So it starts in a tenth of a second and has nothing of its
// own to agree on. A dead brick costs a running operation 70 ms; when it returns, the healers copy what it missed.

#include <algorithm>

#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {
namespace {

constexpr const char* kVolumeId = "5f0a1c5e-8a4f-4b7e-9c55-0000000000ff";

int place_of(const ClusterSpec& spec, const HostSpec& host) {
    const auto hosts = spec.of_role("files");
    const auto it = std::find_if(hosts.begin(), hosts.end(), [&](const auto* h) { return h->name == host.name; });
    return static_cast<int>(it - hosts.begin());
}

/// By which a healer knows the brick of its own host.
std::string brick_id(int place) {
    const std::string number = std::to_string(place + 1);
    return "5f0a1c5e-8a4f-4b7e-9c55-" + std::string(12 - number.size(), '0') + number;
}

std::string volume(const std::string& name, const std::string& type, const std::vector<std::string>& options,
                   const std::string& below) {
    std::string out = "volume " + name + "\n    type " + type + "\n";
    for (const std::string& option : options)
        out += "    option " + option + "\n";
    if (!below.empty()) out += "    subvolumes " + below + "\n";
    return out + "end-volume\n";
}

/// The volume as a client sees it, up to the replication.
std::string client(const ClusterSpec& spec, const std::vector<std::string>& more) {
    std::string out, names, pending;
    int place = 0;
    for (const HostSpec* host : spec.of_role("files")) {
        const std::string name = "files-client-" + std::to_string(place++);
        out +=
            volume(name, "protocol/client",
                   {"transport-type tcp", "remote-host " + host->address, "remote-port " + std::to_string(kBrickPort),
                    "remote-subvolume brick", "ping-timeout 2", "frame-timeout 10"},
                   "");
        names += (names.empty() ? "" : " ") + name;
        pending += (pending.empty() ? "" : ",") + name;
    }
    std::vector<std::string> options{"afr-pending-xattr " + pending, "quorum-type auto",
                                     "self-heal-daemon on",          "data-self-heal on",
                                     "metadata-self-heal on",        "entry-self-heal on"};
    options.insert(options.end(), more.begin(), more.end());
    return out + volume("files", "cluster/replicate", options, names);
}

}  // namespace

Service brick(const ClusterSpec& spec, const HostSpec& host) {
    const std::string folder = "{{dir}}/brick";
    Service service;
    service.name = "files";
    service.files = {
        {"brick.vol",
         volume("posix", "storage/posix",
                {"directory " + folder, "volume-id " + std::string(kVolumeId),
                 "glusterd-uuid " + brick_id(place_of(spec, host)), "health-check-interval 5"},
                "") +
             volume("locks", "features/locks", {}, "posix") +
             volume("index", "features/index",
                    {"index-base " + folder + "/.glusterfs/indices", "xattrop-dirty-watchlist trusted.afr.dirty",
                     "xattrop-pending-watchlist trusted.afr.files-"},
                    "locks") +
             volume("threads", "performance/io-threads", {"thread-count 8"}, "index") +
             volume("brick", "debug/io-stats", {}, "threads") +
             volume("server", "protocol/server",
                    {"transport-type tcp", "transport.socket.bind-address " + host.address,
                     "transport.socket.listen-port " + std::to_string(kBrickPort), "auth.addr.brick.allow *"},
                    "brick")}};
    service.folders = {"brick/.glusterfs"};
    std::string hex = "0x" + std::string(kVolumeId);
    hex.erase(std::remove(hex.begin(), hex.end(), '-'), hex.end());
    // The brick refuses a folder that does not carry the volume's number: a disk that is not mounted.
    service.prepare = {{"setfattr", "-n", "trusted.glusterfs.volume-id", "-v", hex, folder}};
    service.argv = {"glusterfsd",
                    "--no-daemon",
                    "--volfile={{dir}}/brick.vol",
                    "--volfile-id=brick",
                    "--log-file=/dev/stderr",
                    "--log-level=WARNING"};
    service.health.kind = HealthCheck::Kind::tcp;
    service.health.address = at(host.address, kBrickPort);
    service.health.interval_ms = 1'000;
    return service;
}

Service healer(const ClusterSpec& spec, const HostSpec& host) {
    Service service;
    service.name = "files-heal";
    service.files = {{"healer.vol", client(spec, {"iam-self-heal-daemon yes", "heal-timeout 5",
                                                  "node-uuid " + brick_id(place_of(spec, host))})}};
    service.argv = {"glusterfs",
                    "--no-daemon",
                    "--volfile={{dir}}/healer.vol",
                    "--volfile-id=healer",
                    "--process-name=glustershd",
                    "--client-pid=-6",
                    "--log-file=/dev/stderr",
                    "--log-level=WARNING"};
    service.stop_grace_ms = 2'000;
    return service;
}

Service files_mount(const ClusterSpec& spec) {
    Service service;
    service.name = "files-mount";
    service.files = {{"client.vol", client(spec, {})}};
    // A mount whose process was killed stays as a ruin and must go first.
    service.argv = {"sh", "-c",
                    "umount -l '{{dir}}/mount' 2>/dev/null; mkdir -p '{{dir}}/mount'; exec glusterfs --no-daemon "
                    "--volfile='{{dir}}/client.vol' --volfile-id=files --log-file=/dev/stderr --log-level=WARNING "
                    "--attribute-timeout=1 --entry-timeout=1 '{{dir}}/mount'"};
    service.health.kind = HealthCheck::Kind::command;
    service.health.command = {"grep", "-q", " {{dir}}/mount fuse", "/proc/self/mounts"};
    service.health.interval_ms = 1'000;
    return service;
}

}  // namespace stoa::cluster::engines
