#include "cluster/lab/fault_table.hpp"

#include <gtest/gtest.h>

namespace stoa::cluster::lab {
namespace {

TEST(FaultTable, EachFaultIsFoundByItsName) {
    for (const FaultRow& row : fault_table()) {
        EXPECT_EQ(fault_named(row.name), row.fault) << row.name;
        EXPECT_EQ(to_string(row.fault), row.name);
        EXPECT_EQ(row_of(row.fault).about, row.about);
    }
    EXPECT_EQ(fault_named("earthquake"), std::nullopt);
}

}  // namespace
}  // namespace stoa::cluster::lab
