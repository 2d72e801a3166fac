#include "cluster/balancer/address_guard.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/log.hpp"
#include "cluster/balancer/limits.hpp"

namespace stoa::cluster {
namespace {

// Less than the other balancer waits (three adverts of 100 ms and up to one more): the addresses are given up before
// it takes them, so that there are never two owners when the cable is put back in.
constexpr int kFailures = 3;
constexpr std::size_t kAskedAtOnce = 3;

std::vector<ProbeTarget> targets_of(const BalancerSpec& spec) {
    std::vector<ProbeTarget> targets;
    for (const auto& neighbour : spec.neighbours)
        targets.push_back({neighbour.address, neighbour.port});
    if (targets.empty()) return targets;
    for (const auto& peer : spec.peers)
        targets.push_back({peer.back_address, spec.status_port});
    return targets;
}

/// In place and not by renaming: keepalived watches this very file, and reads it when it is closed.
void write_in_place(const std::string& path, char digit) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const char text[2] = {digit, '\n'};
    if (!fd || ::pwrite(fd.get(), text, sizeof text, 0) != static_cast<ssize_t>(sizeof text))
        log::error("balancer_fault_file", {{"path", path}, {"do", "make the folder writable for the agent"}});
}

}  // namespace

AddressGuard::AddressGuard(const BalancerSpec& spec, std::string fault_file)
    : neighbours_(targets_of(spec)), status_{spec.back_address, spec.status_port}, fault_file_(std::move(fault_file)) {}

AddressGuard::~AddressGuard() {
    stop();
}

void AddressGuard::start() {
    thread_ = std::thread([this] { run(); });
}

void AddressGuard::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::string AddressGuard::fault() const {
    const MutexLock lock(mutex_);
    return fault_;
}

void AddressGuard::run() {
    for (;;) {
        {
            MutexLock lock(mutex_);
            if (!stopping_) wake_.wait_us(mutex_, limits::balancer_guard_ms * 1000);
            if (stopping_) return;
        }
        haproxy_failures_ = haproxy_answers() ? 0 : haproxy_failures_ + 1;
        lonely_rounds_ = reaches_somebody() ? 0 : lonely_rounds_ + 1;
        if (lonely_rounds_ >= kFailures) {
            tell("no other host can be reached");
        } else if (haproxy_failures_ >= kFailures) {
            tell("HAProxy does not answer");
        } else if (lonely_rounds_ == 0 && haproxy_failures_ == 0) {
            tell("");
        }
    }
}

bool AddressGuard::haproxy_answers() {
    return http_answers(status_, "/health", limits::balancer_probe_ms);
}

void AddressGuard::know(std::vector<ProbeTarget> web) {
    const MutexLock lock(mutex_);
    web_ = std::move(web);
}

bool AddressGuard::reaches_somebody() {
    if (neighbours_.empty()) return true;
    std::vector<ProbeTarget> all = neighbours_;
    {
        const MutexLock lock(mutex_);
        all.insert(all.end(), web_.begin(), web_.end());
    }
    std::vector<ProbeTarget> asked;
    const std::size_t count = std::min(kAskedAtOnce, all.size());
    for (std::size_t i = 0; i < count; ++i)
        asked.push_back(all[(next_neighbour_ + i) % all.size()]);
    const auto reach = probe_all(asked, limits::balancer_probe_ms);
    const auto found = std::find_if(reach.begin(), reach.end(), [](Reach r) { return r != Reach::no_answer; });
    // Who answered is asked first the next time; when nobody did, others are.
    next_neighbour_ += found == reach.end() ? count : static_cast<std::size_t>(found - reach.begin());
    return found != reach.end();
}

void AddressGuard::tell(const std::string& fault) {
    {
        const MutexLock lock(mutex_);
        if (fault != fault_) {
            if (fault.empty()) {
                log::info("balancer_fit");
            } else {
                log::warn("balancer_unfit", {{"reason", fault}, {"floating_addresses", "given up"}});
            }
        }
        fault_ = fault;
    }
    if (fault_file_.empty()) return;
    // Read each time: a keepalived that starts anew writes its own value.
    const char wanted = fault.empty() ? '0' : '1';
    const auto present = read_file(fault_file_, 16);
    if (!present.ok() || present->empty() || present->front() != wanted) write_in_place(fault_file_, wanted);
}

}  // namespace stoa::cluster
