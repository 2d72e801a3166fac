#include "cluster/galera/server.hpp"

#include <charconv>

namespace stoa::cluster::galera {
namespace {

using db::mariadb::AdminConnection;

constexpr int kPromoteMs = 5'000;

std::int64_t number(const std::string& text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

}  // namespace

Result<AdminConnection*> Server::connection() {
    if (connection_ == nullptr || connection_->broken()) {
        connection_.reset();
        STOA_TRY(connection_, AdminConnection::open(where_));
    }
    return connection_.get();
}

Result<Server::Facts> Server::look(int timeout_ms) {
    STOA_TRY(auto* session, connection());
    STOA_TRY(const auto rows,
             session->query("SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_cluster_size', "
                            "'wsrep_local_state_comment', 'wsrep_local_state_uuid', 'wsrep_last_committed', "
                            "'wsrep_ready', 'wsrep_flow_control_paused_ns')",
                            timeout_ms));
    Facts facts;
    std::string status;
    for (const auto& row : rows) {
        const auto name = row.find("Variable_name");
        const auto value = row.find("Value");
        if (name == row.end() || value == row.end()) continue;
        if (name->second == "wsrep_cluster_status") status = value->second;
        if (name->second == "wsrep_cluster_size") facts.group = static_cast<int>(number(value->second));
        if (name->second == "wsrep_local_state_comment") facts.state = value->second;
        if (name->second == "wsrep_local_state_uuid") facts.position.history = value->second;
        if (name->second == "wsrep_last_committed") facts.position.seqno = number(value->second);
        if (name->second == "wsrep_ready") facts.ready = value->second == "ON";
        if (name->second == "wsrep_flow_control_paused_ns") facts.paused_ns = number(value->second);
    }
    if (status == "Primary") {
        facts.kind = Node::Kind::primary;
    } else if (facts.position.history == Position::kNone || facts.position.seqno < 0) {
        facts.kind = Node::Kind::joining;  // it has been in no group in this life
    } else {
        facts.kind = Node::Kind::non_primary;
    }
    return facts;
}

// https://galeracluster.com/library/documentation/quorum-reset.html
Status Server::promote() {
    STOA_TRY(auto* session, connection());
    return session->run("SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'", kPromoteMs);
}

}  // namespace stoa::cluster::galera
