#pragma once
// What an error number of MariaDB means for us: what to tell the caller and what to do next. Pure functions.
// https://mariadb.com/kb/en/mariadb-error-code-reference/

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace stoa::db::mariadb {

/// What it means for the transaction and the connection; the worse, the later.
enum class Trouble : std::uint8_t {
    none,
    statement,  ///< this statement failed; the transaction goes on
    rerun,      ///< the transaction is gone or cannot go on: roll back and run it again
    demoted,    ///< as rerun, and this server takes no writes (any more)
    lost,       ///< the connection is unusable; what happened to a running COMMIT is unknown
    refused,    ///< wrong user, password, schema or rights: an operator must act, trying again meanwhile is cheap
};

Trouble trouble_of(unsigned int number);

/// For the caller. `detail` is the server's own text; it may hold data, so only errors of the configuration repeat it.
Error error_of(unsigned int number, std::string_view detail);

}  // namespace stoa::db::mariadb
