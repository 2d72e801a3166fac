#pragma once
// The faults by name, for command lines and what they print. Pure; any thread.

#include <optional>
#include <span>
#include <string_view>

#include "cluster/lab/lab.hpp"

namespace stoa::cluster::lab {

struct FaultRow {
    Fault fault;
    std::string_view name;   ///< also the flag of `stoa lab kill`
    std::string_view about;  ///< of that flag
    std::string_view done;   ///< "web1" + this
    bool whole_host;         ///< cannot be done to one service
    bool needs_volume;
};
std::span<const FaultRow> fault_table();

const FaultRow& row_of(Fault fault);
std::optional<Fault> fault_named(std::string_view name);

}  // namespace stoa::cluster::lab
