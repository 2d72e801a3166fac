#include "rest/route.hpp"

#include <gtest/gtest.h>

namespace stoa::rest {
namespace {

/// "wire user code method format", or "-" when the path names no method.
std::string shown(std::string_view path) {
    const auto route = parse_route(path);
    if (!route) return "-";
    return std::string(route->wire == api::Wire::v3 ? "v3 " : "v2 ") + std::to_string(route->user) + " " +
           (route->webhook() ? std::string(route->code) : "-") + " " + std::string(route->method) +
           (route->format == Format::xml ? " xml" : " json");
}

TEST(Route, names_the_method_in_every_documented_form) {
    const std::pair<const char*, const char*> cases[] = {
        {"/rest/1/abc123/crm.deal.list", "v2 1 abc123 crm.deal.list json"},
        {"/rest/1/abc123/crm.deal.list.json", "v2 1 abc123 crm.deal.list json"},
        {"/rest/1/abc123/crm.deal.list.xml", "v2 1 abc123 crm.deal.list xml"},
        {"/rest/1/abc123/crm.deal.list.XML/", "v2 1 abc123 crm.deal.list xml"},
        {"/rest/1/abc123/crm.item.list/", "v2 1 abc123 crm.item.list json"},
        {"/rest/server.time", "v2 0 - server.time json"},
        {"/rest//crm.deal.list", "v2 0 - crm.deal.list json"},
        {"/rest/PROFILE", "v2 0 - PROFILE json"},
        {"/rest/api/1/abc123/tasks.task.get", "v3 1 abc123 tasks.task.get json"},
        {"/rest/api/tasks.task.get", "v3 0 - tasks.task.get json"},
        {"/rest//api/method", "v3 0 - method json"},
        {"//rest///7//x//m//", "v2 7 x m json"},
        {"/rest/batch", "v2 0 - batch json"},
    };
    for (const auto& [path, expected] : cases)
        EXPECT_EQ(shown(path), expected) << path;
}

TEST(Route, refuses_what_names_no_method) {
    for (const char* path : {"",
                             "/",
                             "/rest",
                             "/rest/",
                             "/rest/api",
                             "/rest/api/",
                             "/rest/1/abc",
                             "/rest/1/abc/",
                             "/rest/x/abc/m",
                             "/rest/1/a-b/m",
                             "/rest/1/abc/m/more",
                             "/rest/api/1/abc/m/more",
                             "/rest/../x",
                             "/rest/..",
                             "/rest/.json",
                             "/rest/%2e%2e/x",
                             "/rest/1%2fabc%2fm",
                             "/rest/m%00",
                             "/rest/m n",
                             "/other/1/abc/m",
                             "/Rest/m",
                             "/rest/-1/abc/m",
                             "/rest/1234567890123456789/abc/m",
                             "/rest/1/ab\xC3\xA9/m"}) {
        EXPECT_EQ(shown(path), "-") << path;
    }
    EXPECT_EQ(shown("/rest/" + std::string(128, 'a')), "v2 0 - " + std::string(128, 'a') + " json");
    EXPECT_EQ(shown("/rest/" + std::string(129, 'a')), "-");
    EXPECT_EQ(shown("/rest/1/" + std::string(65, 'a') + "/m"), "-");
}

TEST(Route, knows_the_wire_of_paths_that_name_no_method) {
    EXPECT_EQ(wire_of("/rest/api/"), api::Wire::v3);
    EXPECT_EQ(wire_of("/rest//api/a/b/c/d/e"), api::Wire::v2);  // too many parts to look at
    EXPECT_EQ(wire_of("/rest/1/2"), api::Wire::v2);
    EXPECT_EQ(wire_of("/rest/api/1/abc"), api::Wire::v3);
}

}  // namespace
}  // namespace stoa::rest
