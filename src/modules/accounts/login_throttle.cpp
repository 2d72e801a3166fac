#include "modules/accounts/login_throttle.hpp"

#include "base/utf8.hpp"

namespace stoa::accounts {

namespace {

std::string login_key(std::string_view email, std::string_view address) {
    return "l:" + std::string(address) + ":" + to_lower_ascii(email.substr(0, 254));
}
std::string address_key(std::string_view address) {
    return "a:" + std::string(address);
}

}  // namespace

Status LoginThrottle::check(std::string_view email, std::string_view address) {
    if (count(login_key(email, address)) < kFailuresPerLoginMax &&
        count(address_key(address)) < kFailuresPerAddressMax) {
        return {};
    }
    Error error{Errc::busy,
                "Too many attempts. Wait a quarter of an hour, or ask an administrator for a link.",
                {},
                "TOO_MANY_ATTEMPTS"};
    error.retry_after_s = static_cast<int>(kWindowMs / 1000);
    return error;
}

void LoginThrottle::failed(std::string_view email, std::string_view address) {
    add(login_key(email, address));
    add(address_key(address));
}

void LoginThrottle::succeeded(std::string_view email, std::string_view address) {
    failures_.erase(login_key(email, address));
}

int LoginThrottle::count(const std::string& key) {
    const auto known = failures_.get(key);
    return known ? known->failures.load() : 0;
}

void LoginThrottle::add(const std::string& key) {
    auto known = failures_.get(key);
    if (!known) {
        known = std::make_shared<Count>();
        failures_.put(key, known);
    }
    known->failures.fetch_add(1);
}

}  // namespace stoa::accounts
