#include "cluster/database/damage.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/engine_process.hpp"

namespace stoa::cluster::database {
namespace {

const std::string kDamaged =
    "2026-01-01 10:00:00 5 [ERROR] InnoDB: Failed to read page 10 from file './portal/deal.ibd': Page read from "
    "tablespace is corrupted.\n";

TEST(Damage, is_told_by_errors_of_the_engine_only) {
    EXPECT_TRUE(tells_of_damage(kDamaged));
    EXPECT_FALSE(tells_of_damage("2026-01-01 10:00:00 5 [Note] InnoDB: Page dump (16384 bytes):"));
    EXPECT_FALSE(tells_of_damage("2026-01-01 10:00:00 5 [Note] Page read from tablespace is corrupted"));
    EXPECT_TRUE(is_damage(1034));
    EXPECT_FALSE(is_damage(1062));
    EXPECT_FALSE(is_damage(0));
}

TEST(Damage, a_log_is_followed_from_its_end_over_cuts_and_renames) {
    fixture::TempDir dir;
    const auto path = dir.path("output.log");
    const auto add = [&](const std::string& text) { std::ofstream(path, std::ios::app) << text; };
    add(kDamaged);
    DamageLog log(path);
    EXPECT_FALSE(log.look()) << "what was there before is over";
    add("well\n" + kDamaged.substr(0, 60));
    EXPECT_FALSE(log.look()) << "half a line";
    add(kDamaged.substr(60));
    EXPECT_TRUE(log.look());
    EXPECT_EQ(log.line() + "\n", kDamaged);
    EXPECT_FALSE(log.look()) << "told once";
    std::ofstream(path, std::ios::trunc) << "short\n";
    EXPECT_FALSE(log.look());
    std::filesystem::rename(path, path + ".1");
    EXPECT_FALSE(log.look()) << "no file";
    add(kDamaged);
    EXPECT_TRUE(log.look());
}

}  // namespace
}  // namespace stoa::cluster::database
