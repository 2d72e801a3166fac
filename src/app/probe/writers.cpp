#include "app/probe/writers.hpp"

#include <algorithm>
#include <iterator>

#include "base/file_util.hpp"
#include "cluster/database/timeline.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::size_t kFileBytesMax = 2 * cluster::database::Timeline::kBytesMax;

}  // namespace

Result<std::string> two_writers(const LabGround& ground, std::int64_t since_us, const HostDeaths& deaths,
                                int& checked) {
    std::vector<cluster::database::OpenTime> all;
    for (const std::string& host : ground.hosts("db")) {
        const std::string path = ground.host_dir(host) + "/database/timeline";
        const auto now = read_file(path, kFileBytesMax);
        if (!now && now.error().code == Errc::not_found) continue;  // it never took writes
        if (!now) return now.error();
        const std::string before = read_file(path + ".1", kFileBytesMax).value_or("");
        const auto died = deaths.find(host);
        STOA_TRY(const auto times,
                 cluster::database::read_timeline(host, before + *now,
                                                  died == deaths.end() ? std::vector<std::int64_t>() : died->second));
        all.insert(all.end(), times.begin(), times.end());
    }
    std::int64_t first_epoch = 0;
    for (const auto& time : all) {
        if (time.from_us < since_us) first_epoch = std::max(first_epoch, time.epoch);
    }
    std::erase_if(all, [&](const auto& time) { return time.epoch < first_epoch; });
    checked = static_cast<int>(all.size());
    return cluster::database::two_open(std::move(all)).value_or("");
}

}  // namespace stoa::app::probe
