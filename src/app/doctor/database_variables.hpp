#pragma once
// Private to database_checks: the settings of a MariaDB server that matter, one row each.

#include <cstdint>
#include <span>

#include "app/doctor/finding.hpp"
#include "db/inspection.hpp"

namespace stoa::app::doctor {

/// For whom a row counts, as bits.
enum Role : std::uint8_t {
    kAlone = 1,    ///< one server, nobody follows it
    kPrimary = 2,  ///< others follow it
    kReplica = 4,
    kGalera = 8,
    kReplicated = kPrimary | kReplica,
    kEvery = kAlone | kReplicated | kGalera,
};

struct VariableRow {
    const char* name;  ///< of a global variable; what is found is its value
    std::uint8_t roles;
    Level level;  ///< when it is not good
    const char* required;
    bool (*good)(const db::ServerFacts& server);
    const char* action;
};

std::span<const VariableRow> variable_rows();

}  // namespace stoa::app::doctor
