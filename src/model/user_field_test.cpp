#include "model/user_field.hpp"

#include <gtest/gtest.h>

namespace stoa::model {
namespace {

TEST(UserFieldTest, item_names_keep_numbers_apart) {
    EXPECT_EQ(user_field_item_name("UF_CRM_1747308010"), "ufCrm_1747308010");
    EXPECT_EQ(user_field_item_name("UF_CRM_2_COLOR"), "ufCrm2Color");
    EXPECT_EQ(user_field_item_name("UF_CRM_2_1639669411830"), "ufCrm2_1639669411830");
    EXPECT_EQ(user_field_item_name("UF_CRM_FAVORITE_COLOR"), "ufCrmFavoriteColor");
}

TEST(UserFieldTest, an_unknown_user_type_is_refused) {
    EXPECT_TRUE(user_field_storage("enumeration").ok());
    EXPECT_EQ(user_field_storage("hologram").error().field, "USER_TYPE_ID");
}

}  // namespace
}  // namespace stoa::model
