#include "cluster/balancer/socket_reset.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/fd.hpp"

namespace stoa::cluster {
namespace {

constexpr std::uint32_t kStates = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_SENT | 1U << TCP_FIN_WAIT1 |
                                  1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK;

struct Question {
    nlmsghdr header{};
    inet_diag_req_v2 body{};
};

Result<Fd> open_diag() {
    Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!fd) return Error{Errc::unsupported, "this kernel has no socket diagnosis"};
    const timeval one_second{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &one_second, sizeof one_second);
    return fd;
}

Status send_question(const Fd& fd, Question& question) {
    question.header.nlmsg_len = sizeof question;
    if (::send(fd.get(), &question, sizeof question, 0) == static_cast<ssize_t>(sizeof question)) return {};
    return internal_error("the kernel takes no question about sockets");
}

/// Reads messages until `take` says that it has all.
template <class Take>
Status receive(const Fd& fd, Take&& take) {
    alignas(nlmsghdr) char buffer[32 * 1024];
    for (;;) {
        ssize_t size = ::recv(fd.get(), buffer, sizeof buffer, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return Error{Errc::timeout, "the kernel does not answer about sockets"};
        auto left = static_cast<unsigned>(size);
        for (auto* message = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left))
            if (take(*message)) return {};
    }
}

Result<std::vector<inet_diag_sockid>> list_connections(const Fd& fd, int family, const in6_addr& address,
                                                       std::uint16_t port) {
    Question question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question.body.sdiag_family = static_cast<std::uint8_t>(family);
    question.body.sdiag_protocol = IPPROTO_TCP;
    question.body.idiag_states = kStates;
    STOA_CHECK(send_question(fd, question));
    std::vector<inet_diag_sockid> found;
    const std::size_t address_bytes = family == AF_INET ? 4 : 16;
    STOA_CHECK(receive(fd, [&](nlmsghdr& message) {
        if (message.nlmsg_type == NLMSG_DONE || message.nlmsg_type == NLMSG_ERROR) return true;
        const auto* socket = static_cast<const inet_diag_msg*>(NLMSG_DATA(&message));
        if (socket->id.idiag_dport == htons(port) && std::memcmp(socket->id.idiag_dst, &address, address_bytes) == 0)
            found.push_back(socket->id);
        return false;
    }));
    return found;
}

Status destroy(const Fd& fd, int family, const inet_diag_sockid& id) {
    Question question;
    question.header.nlmsg_type = SOCK_DESTROY;
    question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    question.body.sdiag_family = static_cast<std::uint8_t>(family);
    question.body.sdiag_protocol = IPPROTO_TCP;
    question.body.id = id;
    STOA_CHECK(send_question(fd, question));
    int error = EIO;
    STOA_CHECK(receive(fd, [&](nlmsghdr& message) {
        if (message.nlmsg_type != NLMSG_ERROR) return false;
        error = -static_cast<const nlmsgerr*>(NLMSG_DATA(&message))->error;
        return true;
    }));
    if (error == 0 || error == ENOENT) return {};  // or ended by itself meanwhile
    if (error == EPERM || error == EACCES)
        return forbidden("ending connections to a dead host needs CAP_NET_ADMIN: run the agent as root");
    return Error{Errc::unsupported,
                 "the kernel ends no connections (CONFIG_INET_DIAG_DESTROY): requests to a host that "
                 "vanished wait for TCP keepalive"};
}

}  // namespace

Result<int> reset_connections(const std::string& address, std::uint16_t port) {
    in6_addr parsed{};
    int family = AF_INET;
    if (inet_pton(AF_INET, address.c_str(), &parsed) != 1) {
        family = AF_INET6;
        if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return invalid("no IP address: " + address, "address");
    }
    STOA_TRY(const Fd fd, open_diag());
    STOA_TRY(const auto connections, list_connections(fd, family, parsed, port));
    for (const auto& id : connections)
        STOA_CHECK(destroy(fd, family, id));
    return static_cast<int>(connections.size());
}

}  // namespace stoa::cluster
