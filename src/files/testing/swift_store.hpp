#pragma once
// A real S3 store for tests: OpenStack Swift with s3api, one storage node with one device, on ports of its own. Takes
// some ten seconds to start, so a suite shares one. Start it from a thread that lives as long as it.

#include <memory>
#include <string>

#include "base/engine_url.hpp"
#include "base/result.hpp"
#include "base/testing/engine_process.hpp"

namespace stoa::files::testing {

class SwiftStore {
  public:
    static constexpr const char* kAccessKey = "test:tester";
    static constexpr const char* kSecretKey = "testing";
    static constexpr const char* kBucket = "portal-files";

    /// Waits until it answers, and makes the bucket.
    static Result<std::unique_ptr<SwiftStore>> start();

    /// Of the bucket, for StoreOptions; with a prefix of its own for each test.
    EngineUrl url(const std::string& prefix, const std::string& secret_key = kSecretKey) const;
    std::uint16_t port() const { return port_; }

    fixture::EngineProcess& proxy() { return *proxy_; }           ///< who speaks S3
    fixture::EngineProcess& object_server() { return *object_; }  ///< who keeps the bytes
    /// Until it answers again, after one of them was killed and restarted.
    Status wait_until_it_answers();
    const std::string& log_folder() const { return folder_.path(); }

  private:
    SwiftStore() = default;
    Status write_configuration();
    Status build_rings();
    Status start_servers();
    Status make_bucket();
    Result<std::unique_ptr<fixture::EngineProcess>> start_server(const std::string& name);

    fixture::TempDir folder_;
    std::uint16_t port_ = 0, cache_port_ = 0;
    std::uint16_t account_port_ = 0, container_port_ = 0, object_port_ = 0;
    std::unique_ptr<fixture::EngineProcess> cache_, account_, container_, object_, proxy_;
};

}  // namespace stoa::files::testing
