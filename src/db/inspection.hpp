#pragma once
// What database servers say about themselves, for `stoa doctor`: facts only, what they mean is decided in app/doctor.
// Functions; block for at most a few seconds per server.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "db/database.hpp"

namespace stoa::db {

struct ServerFacts {
    using Names = std::map<std::string, std::string, std::less<>>;

    std::string address;
    std::optional<Error> refusal;  ///< no session, so nothing else is known
    Names variables;               ///< SHOW GLOBAL VARIABLES; names of all three are in lower case
    Names status;                  ///< SHOW GLOBAL STATUS
    Names replica;                 ///< SHOW REPLICA STATUS; empty when it follows nobody
    std::optional<Error> replica_hidden;
    std::vector<std::string> grants;  ///< SHOW GRANTS, one line each
    bool encrypted = false;
    bool tracks_commits = false;               ///< the session may ask for the position of its commits
    std::int64_t clock_ahead_ms = 0;           ///< the server's clock against ours
    std::int64_t data_bytes = 0;               ///< tables and indexes that this user sees
    std::string schema_charset;                ///< what new tables get
    std::optional<int> newest_step{};          ///< the last migration; nothing: the schema is empty
    std::optional<std::int64_t> free_bytes{};  ///< below its data folder, when that is on this machine
    bool wrote = false;                        ///< a trial was made, and its result:
    std::optional<Error> write_refusal{};

    std::string variable(std::string_view name) const;
    std::int64_t number(std::string_view name) const;  ///< of a variable; 0 when it is none
    std::string state(std::string_view name) const;    ///< of a status
};

/// Asks each server of the address, in its order. `try_write` stores and removes a row on each that takes writes: a
/// full disk and a primary without replicas that acknowledge show in no variable.
std::vector<ServerFacts> inspect_mariadb(const MariadbOptions& options, bool try_write);

}  // namespace stoa::db
