#include "app/probe/address_watch.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "app/probe/target.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kSampleMs = 50;

std::int64_t now_ms() {
    return system_clock().monotonic_us() / 1000;
}

struct Way {
    std::string interface;
    std::uint32_t own = 0;
};

/// The interface and own address that the kernel would use to reach it.
Result<Way> way_to(std::uint32_t wanted) {
    const Fd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = wanted;
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0 ||
        ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&from), &size) != 0) {
        return not_found("There is no way to the floating address.");
    }
    struct if_nameindex* all = ::if_nameindex();
    Way way;
    way.own = from.sin_addr.s_addr;
    for (struct if_nameindex* one = all; one && one->if_name; ++one) {
        ifreq request{};
        std::strncpy(request.ifr_name, one->if_name, IFNAMSIZ - 1);
        if (::ioctl(probe.get(), SIOCGIFADDR, &request) != 0) continue;
        const auto* address = reinterpret_cast<const sockaddr_in*>(&request.ifr_addr);
        if (address->sin_addr.s_addr == way.own) way.interface = one->if_name;
    }
    ::if_freenameindex(all);
    if (way.interface.empty()) return not_found("The interface to the floating address is not known.");
    return way;
}

}  // namespace

Result<std::unique_ptr<AddressWatch>> AddressWatch::start(const std::string& network, const std::string& ipv4) {
    in_addr wanted{};
    if (::inet_pton(AF_INET, ipv4.c_str(), &wanted) != 1) return invalid(ipv4 + " is no IPv4 address.", "url");
    std::unique_ptr<AddressWatch> watch;
    STOA_CHECK(run_in_network(network, [&]() -> Status {
        STOA_TRY(const Way way, way_to(wanted.s_addr));
        Fd socket(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP)));
        if (!socket) return forbidden("Only root may ask who has an address.");
        ifreq request{};
        std::strncpy(request.ifr_name, way.interface.c_str(), IFNAMSIZ - 1);
        if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) return not_found("No interface " + way.interface);
        const std::string hardware(request.ifr_hwaddr.sa_data, ETH_ALEN);
        const int index = static_cast<int>(::if_nametoindex(way.interface.c_str()));
        watch.reset(new AddressWatch(std::move(socket), index, hardware, way.own, wanted.s_addr));
        return {};
    }));
    watch->thread_ = std::thread([raw = watch.get()] { raw->run(); });
    return watch;
}

AddressWatch::AddressWatch(Fd socket, int interface_index, std::string hardware_address, std::uint32_t own,
                           std::uint32_t wanted)
    : socket_(std::move(socket)),
      interface_index_(interface_index),
      hardware_address_(std::move(hardware_address)),
      own_(own),
      wanted_(wanted) {}

AddressWatch::~AddressWatch() {
    stop();
}

AddressWatch::Report AddressWatch::stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    return report_;
}

void AddressWatch::run() {
    std::string before;
    std::int64_t two_since_ms = 0;
    while (!stopped_) {
        const std::int64_t begin_ms = now_ms();
        int answers = 0;
        if (!ask()) return;
        const std::string owners = hear(answers);
        ++report_.samples;
        if (answers == 0) ++report_.unanswered;
        // One sample with two answers is the moment of a handover, or an answer that came late.
        if (answers < 2) {
            two_since_ms = 0;
        } else if (two_since_ms == 0) {
            two_since_ms = begin_ms;
        } else {
            report_.overlap_ms = std::max(report_.overlap_ms, static_cast<int>(now_ms() - two_since_ms));
        }
        if (answers != 1) continue;
        if (!before.empty() && owners != before) ++report_.handovers;
        before = owners;
    }
}

bool AddressWatch::ask() const {
    ether_arp packet{};
    packet.arp_hrd = htons(ARPHRD_ETHER);
    packet.arp_pro = htons(ETH_P_IP);
    packet.arp_hln = ETH_ALEN;
    packet.arp_pln = sizeof(std::uint32_t);
    packet.arp_op = htons(ARPOP_REQUEST);
    std::memcpy(packet.arp_sha, hardware_address_.data(), ETH_ALEN);
    std::memcpy(packet.arp_spa, &own_, sizeof(own_));
    std::memcpy(packet.arp_tpa, &wanted_, sizeof(wanted_));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(ETH_P_ARP);
    to.sll_ifindex = interface_index_;
    to.sll_halen = ETH_ALEN;
    std::memset(to.sll_addr, 0xFF, ETH_ALEN);
    const ssize_t sent =
        ::sendto(socket_.get(), &packet, sizeof(packet), 0, reinterpret_cast<sockaddr*>(&to), sizeof(to));
    return sent == static_cast<ssize_t>(sizeof(packet)) || errno == ENETDOWN || errno == ENOBUFS;
}

std::string AddressWatch::hear(int& answers) const {
    std::set<std::string> owners;
    const std::int64_t end_ms = now_ms() + kSampleMs;
    for (std::int64_t left_ms = kSampleMs; left_ms > 0; left_ms = end_ms - now_ms()) {
        pollfd ready{socket_.get(), POLLIN, 0};
        if (::poll(&ready, 1, static_cast<int>(left_ms)) <= 0) continue;
        ether_arp packet{};
        const ssize_t size = ::recv(socket_.get(), &packet, sizeof(packet), MSG_DONTWAIT);
        if (size < static_cast<ssize_t>(sizeof(packet)) || packet.arp_op != htons(ARPOP_REPLY)) continue;
        if (std::memcmp(packet.arp_spa, &wanted_, sizeof(wanted_)) != 0) continue;
        owners.insert(to_hex({reinterpret_cast<const char*>(packet.arp_sha), ETH_ALEN}));
    }
    answers = static_cast<int>(owners.size());
    std::string text;
    for (const std::string& owner : owners)
        text += (text.empty() ? "" : " ") + owner;
    return text;
}

}  // namespace stoa::app::probe
