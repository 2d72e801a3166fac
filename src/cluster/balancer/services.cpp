#include "cluster/balancer/config.hpp"
#include "cluster/balancer/render.hpp"

namespace stoa::cluster {
namespace {

// Processes of an earlier run that were left alone (their parent was killed while they hung) would share the port
// with the new ones and answer nothing. They are known by the path of their configuration.
constexpr std::string_view kEndLeftOvers = R"(
for file in $(grep -lszxF "$config" /proc/[0-9]*/cmdline); do
    process=${file#/proc/}
    kill -9 "${process%/cmdline}" 2>/dev/null
done
)";

std::string start_haproxy() {
    return std::string(
               "#!/bin/sh\n# Starts HAProxy with the servers it had last, else with those of the plan.\n"
               "cd '{{dir}}' || exit 1\n"
               "config='{{dir}}/base.cfg'") +
           std::string(kEndLeftOvers) +
           "rm -f servers.state\n"
           "if [ ! -s backends.cfg ] || ! haproxy -c -q -f '{{dir}}/base.cfg' -f '{{dir}}/backends.cfg' >/dev/null "
           "2>&1; then\n"
           "    cp initial.cfg backends.cfg\n"
           "fi\n"
           "exec haproxy -W -db -S '{{dir}}/master.sock,mode,600' -f '{{dir}}/base.cfg' -f '{{dir}}/backends.cfg'\n";
}

std::string start_keepalived(const BalancerSpec& spec) {
    std::string give_up;
    if (!spec.floating_front.empty())
        give_up += "ip address del " + spec.floating_front + " dev " + spec.front_interface + " 2>/dev/null\n";
    if (!spec.floating_back.empty())
        give_up += "ip address del " + spec.floating_back + " dev " + spec.back_interface + " 2>/dev/null\n";
    // Twice: at once, because the other balancer is about to take them, and when nobody can put them back.
    return "#!/bin/sh\n"
           "# A keepalived that was killed leaves its addresses, which the other balancer has by now, and its pid "
           "files,\n"
           "# which would stop the next.\n" +
           give_up + "config='{{dir}}/keepalived.conf'" + std::string(kEndLeftOvers) + give_up +
           "rm -f '{{dir}}/keepalived.pid' '{{dir}}/vrrp.pid'\n"
           "[ -s '{{dir}}/fault' ] || echo 0 >'{{dir}}/fault'\n"
           "exec keepalived -n -l -P -f '{{dir}}/keepalived.conf' -p '{{dir}}/keepalived.pid' -r '{{dir}}/vrrp.pid'\n";
}

/// Whether HAProxy answers; bash, because it can speak TCP without another program.
std::string check_haproxy(const BalancerSpec& spec) {
    return "#!/bin/bash\n"
           "exec 3<>/dev/tcp/" +
           spec.back_address + '/' + std::to_string(spec.status_port) +
           " || exit 1\n"
           "printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3\n"
           "read -r -t 0.9 answer <&3\n"
           "[[ $answer == 'HTTP/1.'*' 200 '* ]]\n";
}

/// Whether keepalived's VRRP process is there and not stopped: hung, it would keep the addresses and say nothing.
std::string check_keepalived() {
    return "#!/bin/sh\n"
           "read -r pid <'{{dir}}/vrrp.pid' || exit 1\n"
           "read -r stat <\"/proc/$pid/stat\" || exit 1\n"
           "case ${stat##*) } in [TtZX]*) exit 1 ;; esac\n";
}

}  // namespace

std::vector<Service> balancer_services(const BalancerSpec& spec) {
    std::vector<Service> services;
    Service haproxy;
    haproxy.name = "haproxy";
    haproxy.argv = {"{{dir}}/start.sh"};
    haproxy.files = {{"balancer.json", to_json(spec)},
                     {"base.cfg", render_base(spec)},
                     {"initial.cfg", render_backends(spec, first_view(spec))},
                     {"start.sh", start_haproxy(), 0700}};
    if (!spec.certificate_secret.empty())
        haproxy.files.push_back({"tls.pem", "{{secret:" + spec.certificate_secret + "}}"});
    haproxy.health.kind = HealthCheck::Kind::http;
    haproxy.health.address = "http://" + endpoint(spec.back_address, spec.status_port) + "/health";
    haproxy.health.kill_after_ms = 1'000;
    haproxy.reload_signal = 12;  // SIGUSR2: a new worker takes the sockets over, the old one ends what it has begun
    haproxy.stop_signal = 10;    // SIGUSR1: ends what it has begun
    haproxy.stop_grace_ms = 15'000;
    services.push_back(std::move(haproxy));
    if (spec.floating_front.empty() && spec.floating_back.empty()) return services;

    Service keepalived;
    keepalived.name = "keepalived";
    keepalived.argv = {"{{dir}}/start.sh"};
    keepalived.files = {{"keepalived.conf", render_keepalived(spec)},
                        {"start.sh", start_keepalived(spec), 0700},
                        {"check.sh", check_haproxy(spec), 0700},
                        {"alive.sh", check_keepalived(), 0700}};
    keepalived.health.kind = HealthCheck::Kind::command;
    keepalived.health.command = {"{{dir}}/alive.sh"};
    keepalived.health.kill_after_ms = 1'000;
    keepalived.reload_signal = 1;  // SIGHUP
    keepalived.stop_grace_ms = 3'000;
    // One that was killed leaves the addresses on this host. The start takes them away, and must do so before the
    // other balancer has them, which takes three adverts.
    keepalived.restart_first_ms = 10;
    services.push_back(std::move(keepalived));
    return services;
}

}  // namespace stoa::cluster
