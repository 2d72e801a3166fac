#include <string_view>

#include "cluster/balancer/render.hpp"
#include "cluster/balancer/waiting_room.hpp"

namespace stoa::cluster {
namespace {

/// Puts text together line by line, with the file's indent.
class Lines {
  public:
    Lines& section(const std::string& line) {
        if (!text_.empty()) text_ += '\n';
        text_ += line + '\n';
        return *this;
    }
    Lines& operator()(const std::string& line) {
        text_ += "    " + line + '\n';
        return *this;
    }
    Lines& comment(const std::string& line) { return (*this)("# " + line); }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

std::string ms(int value) {
    return std::to_string(value) + "ms";
}

std::string without_prefix(const std::string& address) {
    return address.substr(0, address.find('/'));
}

bool has_tls(const BalancerSpec& spec) {
    return !spec.certificate_secret.empty();
}

void global(Lines& out, const BalancerSpec& spec) {
    out.section("global");
    out("maxconn " + std::to_string(spec.connections_max));
    out("log stderr format raw local0 notice");
    if (!spec.user.empty()) out("user " + spec.user)("group " + spec.user);
    out("localpeer " + spec.name);
    out("stats socket {{dir}}/haproxy.sock mode 600 level admin expose-fd listeners");
    out("stats timeout 10s");
    out.comment("Exists during a reload only: the new worker takes over what the old one knows of its servers.");
    out("server-state-file {{dir}}/servers.state");
    out("hard-stop-after 5m");
    out.comment("A request that fits can be sent again to another server.");
    out("tune.bufsize " + std::to_string(spec.buffer_bytes));
    if (has_tls(spec)) {
        out("ssl-default-bind-options ssl-min-ver TLSv1.2");
        out("ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20");
    }
}

void defaults(Lines& out, const BalancerSpec& spec) {
    out.section("defaults http");
    out("mode http");
    out("log global")("option httplog")("option dontlog-normal");
    out("timeout connect 300ms");
    out("timeout check " + ms(spec.check_timeout_ms));
    out("timeout client " + ms(spec.client_timeout_ms))("timeout server " + ms(spec.server_timeout_ms));
    out("timeout tunnel " + ms(spec.tunnel_timeout_ms));
    out.comment("During a reload a kept connection is closed with an answer, never while a request is on its way.");
    out("option idle-close-on-response");
    out("timeout queue 10s")("timeout http-request 15s")("timeout http-keep-alive 75s");
    out("retries " + std::to_string(spec.retries))("option redispatch 1");
    out("load-server-state-from-file global");
}

void rate_and_blocks(Lines& out, const BalancerSpec& spec) {
    out.comment("Both tables are the same on all balancers.");
    out("http-request deny deny_status 403 if { src,table_gpc0(blocked) gt 0 }");
    if (spec.requests_per_10s_max <= 0) return;
    out("http-request track-sc0 src table sources");
    out("http-request deny deny_status 429 if { sc_http_req_rate(0) gt " + std::to_string(spec.requests_per_10s_max) +
        " }");
}

void allow_lists(Lines& out, const BalancerSpec& spec) {
    if (spec.allow_lists.empty()) return;
    out.comment("Compared as a server might read it: decoded, in small letters, without doubled slashes and dots.");
    out("http-request set-var(txn.path) path,url_dec,lower,regsub(/[.]?/+,/,g),regsub(/[.]?/+,/,g)");
    out("http-request deny deny_status 400 if { var(txn.path) -m reg (^|[/\\\\\\\\])[.][.]?([/\\\\\\\\;]|$) }");
    for (const auto& list : spec.allow_lists) {
        std::string path;
        for (const char c : list.path)
            path += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        std::string rule = "http-request deny deny_status 403 if { var(txn.path) -m beg " + path + " }";
        if (!list.networks.empty()) {
            rule += " !{ src";
            for (const auto& network : list.networks)
                rule += ' ' + network;
            rule += " }";
        }
        out(rule);
    }
}

void request_headers(Lines& out, const BalancerSpec& spec, bool tls) {
    out.comment("One id per request, the same when it is sent again; whatever clients say of themselves is replaced.");
    out("unique-id-format %[uuid()]");
    out("http-request set-header X-Request-ID %[unique-id]");
    for (const auto& header : spec.trusted_headers)
        out("http-request del-header " + header);
    out("http-request set-header X-Forwarded-For %[src]");
    out(std::string("http-request set-header X-Forwarded-Proto ") + (tls ? "https" : "http"));
    out("http-after-response set-header X-Request-ID %[unique-id]");
}

void replay(Lines& out, const BalancerSpec& spec) {
    if (!spec.replay_posts)
        out("http-request disable-l7-retry unless METH_GET or METH_HEAD or METH_OPTIONS or { method TRACE }");
    out.comment("HAProxy can send a request again only if it was complete when its first byte left.");
    out("http-request wait-for-body time 30s if { req.hdr(transfer-encoding) -m found } or { "
        "req.hdr(content-length) -m int 1:" +
        std::to_string(spec.buffer_bytes) + " }");
}

void http_rules(Lines& out, const BalancerSpec& spec, bool tls) {
    rate_and_blocks(out, spec);
    allow_lists(out, spec);
    request_headers(out, spec, tls);
    if (tls && spec.hsts_s > 0)
        out("http-after-response set-header Strict-Transport-Security max-age=" + std::to_string(spec.hsts_s));
    replay(out, spec);
    if (!spec.push_path.empty()) out("use_backend push if { path_beg " + spec.push_path + " } { nbsrv(push) gt 0 }");
    out("default_backend web");
}

void bind_users(Lines& out, const BalancerSpec& spec, std::uint16_t port, const std::string& options) {
    const std::string own = spec.front_address.empty() ? spec.back_address : spec.front_address;
    out("bind " + endpoint(own, port) + options);
    if (const std::string floating = without_prefix(spec.floating_front); !floating.empty() && floating != own)
        out("bind " + endpoint(floating, port) + " transparent" + options);
}

void frontends(Lines& out, const BalancerSpec& spec) {
    out.section("frontend plain from http");
    bind_users(out, spec, spec.http_port, "");
    if (has_tls(spec)) {
        if (spec.https_port == 443) {
            out("http-request redirect scheme https code 308");
        } else {
            out("http-request redirect code 308 location https://%[req.hdr(host),regsub(:[0-9]+$,,)]:" +
                std::to_string(spec.https_port) + "%[capture.req.uri]");
        }
        out.section("frontend users from http");
        bind_users(out, spec, spec.https_port, " ssl crt {{dir}}/tls.pem alpn h2,http/1.1");
    }
    http_rules(out, spec, has_tls(spec));
}

void status(Lines& out, const BalancerSpec& spec) {
    out.section("frontend status from http");
    out("bind " + endpoint(spec.back_address, spec.status_port));
    out("monitor-uri /health");
    out("http-request use-service prometheus-exporter if { path /metrics }");
    out("http-request deny deny_status 404");
}

void tables(Lines& out, const BalancerSpec& spec) {
    out.section("peers balancers");
    out("bind " + endpoint(spec.back_address, spec.peers_port));
    out("server " + spec.name);
    for (const auto& peer : spec.peers)
        out("server " + peer.name + ' ' + endpoint(peer.back_address, spec.peers_port));
    out.section("backend sources from http");
    out("stick-table type ipv6 size 100k expire 10m store http_req_rate(10s) peers balancers");
    out.section("backend blocked from http");
    out("stick-table type ipv6 size 10k expire 24h store gpc0 peers balancers");
}

void database(Lines& out, const BalancerSpec& spec, const std::string& name, std::uint16_t port) {
    out.section("frontend " + name + " from tcp");
    const std::string address = spec.floating_back.empty() ? spec.back_address : without_prefix(spec.floating_back);
    out("bind " + endpoint(address, port) + " transparent");
    out("default_backend " + name);
}

/// What the backends in the other file are made of: there stand the servers alone, so that a change here holds after a
/// restart with the servers that were last.
void web_defaults(Lines& out, const BalancerSpec& spec) {
    out.section("defaults web from http");
    out("balance " + spec.algorithm);
    out(std::string("http-reuse ") + (spec.replay_posts ? "aggressive" : "safe"));
    out.comment("No answer of any kind yet, or not even a connection: nothing of it can have reached the client.");
    out("retry-on conn-failure empty-response 0rtt-rejected");
    out("option httpchk");
    out("http-check send meth GET uri " + spec.health_path + " ver HTTP/1.1 hdr Host " + spec.health_host);
    out("http-check expect status 200");
    out.comment("The second line against servers that vanished; the first is the controller, which resets them.");
    out("option srvtcpka")("srvtcpka-idle 2s")("srvtcpka-intvl 1s")("srvtcpka-cnt 3");
    out("http-response del-header Strict-Transport-Security");
    out("default-server " + web_server_options(spec));
}

/// Here, not in the other file, because a rule above names it: the two files are not written at the same moment. Its
/// servers come by the runtime API; until they have come (again), web servers have these requests.
void push_backend(Lines& out) {
    out.section("backend push from web");
}

void database_defaults(Lines& out) {
    out.section("defaults tcp");
    out("mode tcp")("log global")("option dontlog-normal");
    out("timeout connect 1s")("timeout check 1s")("timeout queue 5s");
    out("timeout client 8h")("timeout server 8h")("retries 3")("option redispatch 1");
    out("option clitcpka")("clitcpka-idle 10s")("clitcpka-intvl 2s")("clitcpka-cnt 3");
    out("option srvtcpka")("srvtcpka-idle 10s")("srvtcpka-intvl 2s")("srvtcpka-cnt 3");
    out("load-server-state-from-file global");
    out.section("defaults database from tcp");
    out("balance leastconn");
    out.comment("Waits for the greeting of the server; who is primary is the cluster's decision, not this check's.");
    out("option mysql-check");
    out("default-server check inter 500ms fastinter 100ms downinter 500ms fall 2 rise 1 "
        "on-marked-down shutdown-sessions");
}

void database_backend(Lines& out, const BalancerSpec& spec, const std::string& name, const std::string& primary) {
    out.section("backend " + name + " from database");
    for (const auto& db : spec.databases) {
        const bool is_primary = db.name == primary;
        const bool enabled = name == "db-rw" ? is_primary : !is_primary || spec.databases.size() == 1;
        out("server " + db.name + ' ' + endpoint(db.address, db.port) + (enabled ? "" : " disabled"));
    }
}

}  // namespace

std::string endpoint(const std::string& address, std::uint16_t port) {
    const bool ipv6 = address.find(':') != address.npos;
    return (ipv6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

bool has_waiting_room(const BalancerSpec& spec) {
    return spec.replay_posts && spec.waiting_port != 0;
}

BalancerView first_view(const BalancerSpec& spec) {
    return {spec.web, spec.db_primary};
}

/// Half of the idle connections that nobody needed lately are closed each time; a server that leaves is deleted when
/// the last one is.
constexpr int kPurgeMs = 3'000;

std::string web_server_options(const BalancerSpec& spec) {
    // Only failed connections count as failures: a server that answers 500 passes its checks and may be the only one
    // with an answer; one wrong page must not be able to take all servers away.
    std::string options = "check inter " + ms(spec.check_interval_ms) + " fastinter 100ms downinter " +
                          ms(spec.check_interval_ms) + " fall " + std::to_string(spec.check_fall) + " rise " +
                          std::to_string(spec.check_rise) + " observe layer4 error-limit " +
                          std::to_string(spec.max_fails) + " on-error mark-down pool-max-conn " +
                          std::to_string(spec.keepalive) + " pool-purge-delay " + ms(kPurgeMs);
    if (spec.server_connections_max > 0) options += " maxconn " + std::to_string(spec.server_connections_max);
    return options;
}

std::string render_base(const BalancerSpec& spec) {
    Lines out;
    global(out, spec);
    defaults(out, spec);
    frontends(out, spec);
    status(out, spec);
    tables(out, spec);
    web_defaults(out, spec);
    if (!spec.push_path.empty()) push_backend(out);
    if (!spec.databases.empty()) {
        database_defaults(out);
        database(out, spec, "db-rw", spec.db_rw_port);
        database(out, spec, "db-ro", spec.db_ro_port);
    }
    return out.take();
}

std::string render_backends(const BalancerSpec& spec, const BalancerView& view) {
    Lines out;
    out.section("backend web from web");
    for (const auto& server : view.web) {
        if (server.backend != "web") continue;
        out("server " + server.name + ' ' + endpoint(server.address, server.port) +
            (server.admission == Admission::refused ? " disabled" : ""));
    }
    if (has_waiting_room(spec)) {
        out("server " + std::string(kWaitingRoom) + " 127.0.0.1:" + std::to_string(spec.waiting_port) +
            " backup no-check pool-max-conn 0");
    }
    if (spec.databases.empty()) return out.take();
    const std::string primary = view.db_primary.value_or("");
    database_backend(out, spec, "db-rw", primary);
    database_backend(out, spec, "db-ro", primary);
    return out.take();
}

}  // namespace stoa::cluster
