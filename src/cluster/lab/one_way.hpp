#pragma once
// A cable of which one direction is dead: frames are dropped at the switch (nftables, bridge family). Root only.

#include <set>
#include <string>

#include "base/result.hpp"

namespace stoa::cluster::lab {

enum class OneWay : std::uint8_t {
    deaf,  ///< the host hears nothing; what it says arrives
    mute,  ///< nothing of what it says arrives; it hears all
};
std::string_view to_string(OneWay way);

Status cut_one_way(const std::string& switch_space, const std::string& host, OneWay way);
/// Fine when nothing was cut.
void end_one_way(const std::string& switch_space, const std::string& host);
/// "deaf db1", "mute web2".
std::set<std::string> one_way_cuts(const std::string& switch_space);

}  // namespace stoa::cluster::lab
