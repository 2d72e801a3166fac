#include "cluster/lab/fault_table.hpp"

#include <algorithm>
#include <array>

namespace stoa::cluster::lab {
namespace {

constexpr std::array kTable{
    FaultRow{Fault::kill, "kill", "kill -9; what happens without any flag", " is killed.", false, false},
    FaultRow{Fault::stop, "stop", "freeze it instead (SIGSTOP)", " is frozen.", false, false},
    FaultRow{Fault::net, "net", "pull its network cable instead", " is cut off.", true, false},
    FaultRow{Fault::deaf, "deaf", "let it hear nothing, while what it says arrives", " hears nothing.", true, false},
    FaultRow{Fault::mute, "mute", "let nothing arrive of what it says", " can say nothing.", true, false},
    FaultRow{Fault::net_slow, "net-slow", "delay all its frames by 0 to 100 ms, each way", " has a slow link.", true,
             false},
    FaultRow{Fault::disk_full, "disk-full", "fill its disk instead", " has no space left.", true, true},
    FaultRow{Fault::disk_stall, "disk-stall", "let its disk take no writes", " has a disk that stalls.", true, true},
    FaultRow{Fault::disk_slow, "disk-slow", "let its disk take writes 100 ms in 350", " has a slow disk.", true, true},
    FaultRow{Fault::clock_ahead, "clock-ahead", "set its clock 7 minutes ahead (a lab with --clocks)",
             " has a clock that is ahead.", true, false},
    FaultRow{Fault::clock_behind, "clock-behind", "set its clock 7 minutes back (a lab with --clocks)",
             " has a clock that is behind.", true, false},
    FaultRow{Fault::busy, "busy", "use 95 % of every core of this machine", " uses the processors.", true, false},
};

}  // namespace

std::span<const FaultRow> fault_table() {
    return kTable;
}

const FaultRow& row_of(Fault fault) {
    return *std::find_if(kTable.begin(), kTable.end(), [&](const FaultRow& row) { return row.fault == fault; });
}

std::optional<Fault> fault_named(std::string_view name) {
    const auto found =
        std::find_if(kTable.begin(), kTable.end(), [&](const FaultRow& row) { return row.name == name; });
    return found == kTable.end() ? std::nullopt : std::optional<Fault>(found->fault);
}

std::string_view to_string(Fault fault) {
    return row_of(fault).name;
}

}  // namespace stoa::cluster::lab
