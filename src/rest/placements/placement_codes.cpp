#include "rest/placements/placement_codes.hpp"

namespace stoa::rest {
namespace {

struct Plain {
    std::string_view code;
    std::string_view scope;
};

constexpr Plain kPlain[] = {
    {"BI_ANALYTICS_MENU", ""},
    {"LEFT_MENU", ""},
    {"CALENDAR_GRIDVIEW", "calendar"},
    {"CALL_CARD", "telephony"},
    {"CONTACT_CENTER", "contact_center"},
    {"CRM_ANALYTICS_MENU", "crm"},
    {"CRM_ANALYTICS_TOOLBAR", "crm"},
    {"CRM_BANK_DETAIL_AUTOCOMPLETE", "crm"},
    {"CRM_DETAIL_SEARCH", "crm"},
    {"CRM_FUNNELS_TOOLBAR", "crm"},
    {"CRM_REQUISITE_AUTOCOMPLETE", "crm"},
    {"IMMOBILE_CONTEXT_MENU", "im"},
    {"IM_CONTEXT_MENU", "im"},
    {"IM_NAVIGATION", "im"},
    {"IM_SIDEBAR", "im"},
    {"IM_SMILES_SELECTOR", ""},
    {"IM_TEXTAREA", "im"},
    {"SONET_GROUP_DETAIL_TAB", "sonet_group"},
    {"SONET_GROUP_ROBOT_DESIGNER_TOOLBAR", "sonet_group"},
    {"SONET_GROUP_TOOLBAR", "sonet_group"},
    {"TASK_GROUP_LIST_TOOLBAR", "task"},
    {"TASK_LIST_CONTEXT_MENU", "task"},
    {"TASK_ROBOT_DESIGNER_TOOLBAR", "task"},
    {"TASK_USER_LIST_TOOLBAR", "task"},
    {"TASK_VIEW_SIDEBAR", "task"},
    {"TASK_VIEW_TAB", "task"},
    {"TASK_VIEW_TOP_PANEL", "task"},
    {"TELEPHONY_ANALYTICS_MENU", "telephony"},
    {"USER_PROFILE_MENU", "user"},
    {"USER_PROFILE_TOOLBAR", "user"},
};

constexpr std::string_view kCrmPlaces[] = {
    "ACTIVITY_TIMELINE_MENU",
    "DETAIL_ACTIVITY",
    "DETAIL_TAB",
    "DETAIL_TOOLBAR",
    "LIST_MENU",
    "DOCUMENTGENERATOR_BUTTON",
    "LIST_TOOLBAR",
    "ROBOT_DESIGNER_TOOLBAR",
};

constexpr std::string_view kCrmKinds[] = {"LEAD",  "DEAL",          "CONTACT", "COMPANY",
                                          "QUOTE", "SMART_INVOICE", "ORDER",   "ACTIVITY"};

}  // namespace

std::vector<PlacementCode> placement_codes(const model::Metadata& metadata) {
    std::vector<PlacementCode> codes;
    for (const Plain& plain : kPlain)
        codes.push_back({std::string(plain.code), std::string(plain.scope)});
    codes.push_back({.code = "PAGE_BACKGROUND_WORKER", .scope = "", .single = true, .per_user = true});
    codes.push_back({.code = "REST_APP_URI", .scope = "", .single = true});
    std::vector<std::string> kinds(std::begin(kCrmKinds), std::end(kCrmKinds));
    for (const model::Entity* entity : metadata.dynamic_entities()) {
        kinds.push_back("DYNAMIC_" + std::to_string(entity->type_id));
    }
    for (const std::string& kind : kinds) {
        for (const std::string_view place : kCrmPlaces) {
            codes.push_back({"CRM_" + kind + "_" + std::string(place), "crm"});
        }
    }
    return codes;
}

}  // namespace stoa::rest
