#include "cluster/lab/slow_link.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <random>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/lab/lab.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr std::size_t kFrameBytesMax = 65'536;
constexpr std::size_t kQueueFramesMax = 20'000;  ///< more are lost, as at a real switch
constexpr std::int64_t kDrawUs = 50'000;         ///< between two delays
constexpr int kTakeAtOnce = 64;

Error failed(const std::string& what) {
    return internal_error(what + ": " + std::strerror(errno));
}

/// Without it frames would have no checksums and be larger than the link: the kernel leaves both to hardware.
Status complete_frames(const std::string& host_space, const std::string& device) {
    Status done;
    inside(host_space, [&] {
        const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        for (const std::uint32_t what : {ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO}) {
            ethtool_value off{what, 0};
            ifreq request{};
            device.copy(request.ifr_name, IFNAMSIZ - 1);
            request.ifr_data = reinterpret_cast<char*>(&off);
            if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0) done = failed("ethtool of " + device);
        }
    });
    return done;
}

Result<Fd> open_port(const std::string& port) {
    Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
    if (!socket) return failed("packet socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(port.c_str()));
    if (address.sll_ifindex == 0) return not_found("The switch has no port " + port + ".");
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return failed("bind");
    const int yes = 1;
    if (::setsockopt(socket.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) != 0)
        return failed("PACKET_IGNORE_OUTGOING");
    return socket;
}

/// Gone when the descriptor is closed.
Result<Fd> open_tap(const std::string& name) {
    Fd tap(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!tap) return failed("/dev/net/tun");
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (::ioctl(tap.get(), TUNSETIFF, &request) != 0) return failed("TAP device " + name);
    return tap;
}

class Direction {
  public:
    Direction(int from, int to) : from_(from), to_(to) {}

    void take(std::int64_t now_us, std::int64_t delay_us) {
        for (int i = 0; i < kTakeAtOnce; ++i) {
            const auto size = ::read(from_, buffer_.data(), buffer_.size());
            if (size <= 0) return;
            if (queue_.size() >= kQueueFramesMax) continue;
            const auto due_us = queue_.empty() ? now_us + delay_us : std::max(queue_.back().due_us, now_us + delay_us);
            queue_.push_back({due_us, std::string(buffer_.data(), static_cast<std::size_t>(size))});
        }
    }
    void give(std::int64_t now_us) {
        for (; !queue_.empty() && queue_.front().due_us <= now_us; queue_.pop_front()) {
            // A frame that finds no room is lost, as on a wire.
            [[maybe_unused]] const auto sent = ::write(to_, queue_.front().bytes.data(), queue_.front().bytes.size());
        }
    }
    std::int64_t next_us() const { return queue_.empty() ? INT64_MAX : queue_.front().due_us; }

  private:
    struct Frame {
        std::int64_t due_us = 0;
        std::string bytes;
    };
    const int from_, to_;
    std::deque<Frame> queue_;
    std::array<char, kFrameBytesMax> buffer_{};
};

void carry(int port, int tap, int delay_ms_max, const std::function<bool()>& stopping) {
    auto out = std::make_unique<Direction>(port, tap), in = std::make_unique<Direction>(tap, port);
    std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<std::int64_t> draw(0, delay_ms_max * 1'000LL);
    std::int64_t delay_us = draw(random), drawn_us = 0;
    while (!stopping()) {
        std::int64_t now_us = system_clock().monotonic_us();
        const std::int64_t next_us = std::min(out->next_us(), in->next_us());
        const std::int64_t wait_us = std::clamp<std::int64_t>(next_us - now_us, 0, 100'000);
        pollfd both[2] = {{port, POLLIN, 0}, {tap, POLLIN, 0}};
        const timespec wait{0, static_cast<long>(wait_us * 1'000)};
        (void)::ppoll(both, 2, &wait, nullptr);
        now_us = system_clock().monotonic_us();
        if (now_us - drawn_us > kDrawUs) {
            delay_us = draw(random);
            drawn_us = now_us;
        }
        out->take(now_us, delay_us);
        in->take(now_us, delay_us);
        out->give(now_us);
        in->give(now_us);
    }
}

}  // namespace

Status carry_slowly(const SlowLink& link, const std::function<bool()>& stopping) {
    const std::string port = "b-" + link.host, tap_name = "d-" + link.host;
    STOA_CHECK(complete_frames(link.host_space, "back"));
    STOA_TRY(const Fd socket, open_port(port));
    STOA_TRY(const Fd tap, open_tap(tap_name));
    const auto ip = [](const std::string& lines) { return run_well({{"ip", "-batch", "-"}, lines, {}, 10'000}); };
    STOA_CHECK(ip("link set " + port + " nomaster\nlink set " + tap_name + " master back up\n"));
    carry(socket.get(), tap.get(), link.delay_ms_max, stopping);
    STOA_CHECK(ip("link set " + tap_name + " nomaster\nlink set " + port + " master back\n"));
    return {};
}

}  // namespace stoa::cluster::lab
