#include "cluster/lab/one_way.hpp"

#include <sstream>

#include "cluster/lab/command.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr OneWay kBoth[] = {OneWay::deaf, OneWay::mute};
constexpr const char* kPrefix = "stoa_";

/// One table for each cut: to end it is to delete the table.
std::string table_of(OneWay way, const std::string& host) {
    return std::string(kPrefix) + std::string(to_string(way)) + "_" + host;
}

Status nft(const std::string& switch_space, const std::string& script) {
    STOA_CHECK(run_well({{"nft", "-f", "-"}, script, switch_space, 10'000}));
    return {};
}

}  // namespace

std::string_view to_string(OneWay way) {
    return way == OneWay::deaf ? "deaf" : "mute";
}

Status cut_one_way(const std::string& switch_space, const std::string& host, OneWay way) {
    const std::string ports = R"({ "b-)" + host + R"(", "f-)" + host + "\" }";
    const std::string rule = std::string(way == OneWay::deaf ? "oifname " : "iifname ") + ports + " drop\n";
    // The switch has addresses of its own: commands that run in there are cut off, too.
    const std::string own = way == OneWay::deaf ? "output" : "input";
    return nft(switch_space, "table bridge " + table_of(way, host) +
                                 " {\n chain through {\n  type filter hook forward priority 0; policy accept;\n  " +
                                 rule + " }\n chain own {\n  type filter hook " + own +
                                 " priority 0; policy accept;\n  " + rule + " }\n}\n");
}

void end_one_way(const std::string& switch_space, const std::string& host) {
    const auto cuts = one_way_cuts(switch_space);
    for (const OneWay way : kBoth) {
        if (cuts.contains(std::string(to_string(way)) + " " + host))
            (void)nft(switch_space, "delete table bridge " + table_of(way, host) + "\n");
    }
}

std::set<std::string> one_way_cuts(const std::string& switch_space) {
    std::set<std::string> found;
    const auto listed = run({{"nft", "list", "tables", "bridge"}, {}, switch_space, 10'000});
    if (!listed) return found;
    std::istringstream lines(listed->out);  // "table bridge stoa_deaf_db1"
    for (std::string line; std::getline(lines, line);) {
        const auto begin = line.find(kPrefix);
        if (begin == std::string::npos) continue;
        std::string name = line.substr(begin + std::string_view(kPrefix).size());
        if (const auto gap = name.find('_'); gap != std::string::npos) name[gap] = ' ';
        found.insert(std::move(name));
    }
    return found;
}

}  // namespace stoa::cluster::lab
