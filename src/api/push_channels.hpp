#pragma once
// Channels of the push server as clients name them. The names are signed and expire, so the push server checks them by
// itself: it goes on while the database or the web processes are away. Any thread.
//
//   u12-17-1785000000.Kq3…   kind, account, user, end (Unix seconds); the first 16 bytes of an HMAC-SHA-256, base64url
//   x12-17-1785000000-a81c….Kq3…   the same for one application; its client id as a hash
// Clients cut a public name at its only dot into `public_id` and `signature`.

#include <memory>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/lru_cache.hpp"
#include "base/result.hpp"

namespace stoa::api {

struct PushChannel {
    enum class Kind : char {
        user = 'u',      ///< private: what one user hears
        account = 's',   ///< shared: what all users of an account hear
        open = 'o',      ///< public: whoever knows the name may send to that user
        app_user = 'x',  ///< like `user`, of one application
        app = 'y',       ///< like `account`, of one application
    };
    Kind kind = Kind::user;
    AccountId account = 0;
    UserId user = 0;
    UnixSeconds expires_at = 0;
    std::string app{};  ///< app_of(client id); empty for the portal itself

    static std::string app_of(std::string_view client_id);
};

class PushChannels {
  public:
    /// Every process of a cluster has the same key.
    explicit PushChannels(std::string key) : key_(std::move(key)) {}

    std::string sign(const PushChannel& channel) const;
    /// Errors: forbidden (forged, or not a name at all), conflict (was right, but its time is over).
    Result<PushChannel> open(std::string_view name, UnixSeconds now) const;

  private:
    Result<PushChannel> check(std::string_view name) const;
    std::string signature_of(std::string_view text) const;

    std::string key_;
    /// Names that were found to be right: whoever comes back or sends shows the same one.
    std::shared_ptr<LruCache<PushChannel>> checked_ = std::make_shared<LruCache<PushChannel>>(kCheckedMax, 0);
    static constexpr std::size_t kCheckedMax = 20'000;
};

}  // namespace stoa::api
