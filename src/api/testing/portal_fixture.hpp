#pragma once
// PortalFixture: a small real portal for tests of modules: an embedded store in a folder of its own, one account, the
// access rules, and methods called by name with JSON parameters. One thread.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/policy.hpp"
#include "api/crud.hpp"
#include "api/method.hpp"
#include "base/clock.hpp"
#include "db/database.hpp"
#include "json/value.hpp"
#include "model/records.hpp"

namespace stoa::api::testing {

class PortalFixture : public ::testing::Test {
  public:
    PortalFixture();
    ~PortalFixture() override;

    /// Fills registry and methods, opens the store, creates account 1. Call once, from SetUp().
    void open(const std::function<Status(model::Registry&)>& add_entities,
              const std::function<void(MethodTable&)>& add_methods);
    void create_account(AccountId account);

    /// "result" as a value; an error fails the test.
    json::Value call(std::string_view method, std::string_view parameters_json, Wire wire = Wire::v2);
    /// The error of a call that must fail.
    Error error_of(std::string_view method, std::string_view parameters_json, Wire wire = Wire::v2);
    Result<json::Value> try_call(std::string_view method, std::string_view parameters_json, Wire wire = Wire::v2);

    /// Runs in a write transaction as the current actor; an error fails the test.
    void write(const std::function<Status(model::Records&)>& fn);
    void read(const std::function<Status(model::Records&)>& fn);
    /// Names of the events in the outbox, oldest first.
    std::vector<std::string> events();

    /// Who the next calls act for; an administrator with user id 1 at first.
    model::Actor actor;
    ManualClock clock{1'780'000'000};
    std::string account_time_zone = "Europe/Berlin";
    std::int64_t last_total = -1;  ///< of the last call; -1 = none
    std::int64_t last_next = -1;

    model::Registry registry;
    MethodTable methods;
    std::unique_ptr<db::Database> database;

  private:
    Status take_files(const Method& method, json::Value& parameters, std::vector<model::StoredContent>& uploads);

    struct Parts;
    std::unique_ptr<Parts> parts_;
    std::filesystem::path folder_;
};

}  // namespace stoa::api::testing
