#pragma once
// CrmFixture: a portal with the CRM module and its default dictionaries. One thread.

#include "api/testing/portal_fixture.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "modules/crm/module.hpp"

namespace stoa::crm::testing {

class CrmFixture : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open([this](model::Registry& all) { return register_entities(all, listener()); }, add_methods);
        if (!HasFatalFailure()) write([](model::Records& records) { return seed_defaults(records); });
    }

    /// Who hears of what is saved; asked once, by SetUp().
    virtual CrmListener* listener() { return nullptr; }

    /// The answer as JSON text.
    std::string ask(std::string_view method, std::string_view parameters = "{}") {
        return json::to_json(call(method, parameters));
    }
    std::int64_t add(std::string_view method, std::string_view fields) {
        const json::Value id = call(method, R"({"fields":)" + std::string(fields) + "}");
        return id.is_integer() ? id.integer() : 0;
    }
    json::Value deal(std::int64_t id) { return call("crm.deal.get", R"({"id":)" + std::to_string(id) + "}"); }

    void become_employee(UserId user) {
        actor.user = user;
        actor.role = model::Role::employee;
    }
};

/// A member as text, "null" when null, "?" when absent.
inline std::string at(const json::Value& value, std::string_view key) {
    const json::Value* member = value.find(key);
    if (!member) return "?";
    if (member->is_string()) return member->string();
    return json::to_json(*member);
}

}  // namespace stoa::crm::testing
