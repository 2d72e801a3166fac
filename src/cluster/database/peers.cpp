#include "cluster/database/peers.hpp"

namespace stoa::cluster::database {

using db::mariadb::AdminConnection;

Result<AdminConnection*> Peers::session(const std::string& address) {
    auto& kept = sessions_[address];
    if (kept == nullptr || kept->broken()) {
        kept.reset();
        STOA_TRY(kept, AdminConnection::open({server_address(address), kAgentUser, accounts_.agent_password, "", 1}));
    }
    return kept.get();
}

bool Peers::all_follow(const std::vector<std::string>& addresses, const std::string& leader, int timeout_ms) {
    for (const auto& address : addresses) {
        auto peer = session(address);
        if (!peer) return false;
        const auto promised = (*peer)->query(
            "SELECT GET_LOCK('stoa_confirmed', 0) AS promised, IS_FREE_LOCK('stoa_election') AS free", timeout_ms);
        if (!promised || promised->empty()) return false;
        const auto& row = promised->front();
        if (row.at("promised") != "1" || row.at("free") != "1") return false;
        const auto status = (*peer)->query("SHOW SLAVE STATUS", timeout_ms);
        if (!status || status->empty()) return false;
        const auto& replica = status->front();
        if (replica.at("Slave_IO_Running") != "Yes") return false;
        if (replica.at("Master_Host") + ":" + replica.at("Master_Port") != leader) return false;
    }
    return !addresses.empty();
}

bool Peers::takes_writes(const std::string& address, int timeout_ms) {
    auto peer = session(address);
    if (!peer) return false;
    const auto rows = (*peer)->query("SELECT @@global.read_only AS ro", timeout_ms);
    return rows && !rows->empty() && rows->front().at("ro") == "0";
}

Result<Peers::Standing> Peers::standing(const std::string& address, int timeout_ms) {
    STOA_TRY(auto* peer, session(address));
    STOA_TRY(const auto status, peer->query("SHOW SLAVE STATUS", timeout_ms));
    if (status.empty()) return not_found(address + " follows nobody.");
    STOA_TRY(const auto own, peer->query("SELECT @@global.gtid_slave_pos AS sp", timeout_ms));
    Standing now;
    now.applied = Position(own.empty() ? "" : own.front().at("sp"));
    now.received = now.applied.further(Position(status.front().at("Gtid_IO_Pos")));
    return now;
}

}  // namespace stoa::cluster::database
