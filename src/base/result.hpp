#pragma once
// Result<T>: a value or an Error, for everything that can fail in normal life.
// Plain values, safe to move between threads. Exceptions are kept for broken programs.

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace stoa {

/// What went wrong, in the words every layer shares. rest/errors maps each to one HTTP status.
enum class Errc : std::uint8_t {
    invalid_argument,  ///< the caller sent something wrong; Error::field says where
    unauthorized,      ///< nobody, or an expired or forged credential
    forbidden,         ///< known caller, but not allowed
    not_found,         ///< absent, or hidden from this caller
    already_exists,
    conflict,     ///< somebody else changed it, or the same key with another request
    too_large,    ///< over a limit of limits.hpp
    busy,         ///< a queue is full or a rate is used up: retry after Error::retry_after_s
    timeout,      ///< the deadline passed
    unavailable,  ///< a dependency is down: retry after Error::retry_after_s
    unsupported,
    internal,  ///< our fault; details go to the log, not to the caller
};

std::string_view to_string(Errc code);

struct Error {
    Errc code = Errc::internal;
    std::string message;     ///< for people: what to do; never holds secrets or SQL
    std::string field{};     ///< the request field at fault, when there is one
    std::string api_code{};  ///< the wire code when the REST documentation names one, e.g. "ERROR_CORE"
    int retry_after_s = 0;
};

inline Error invalid(std::string message, std::string field = {}, std::string api_code = {}) {
    return {Errc::invalid_argument, std::move(message), std::move(field), std::move(api_code)};
}
inline Error not_found(std::string message, std::string api_code = {}) {
    return {Errc::not_found, std::move(message), {}, std::move(api_code)};
}
inline Error forbidden(std::string message = "Access denied.", std::string api_code = {}) {
    return {Errc::forbidden, std::move(message), {}, std::move(api_code)};
}
inline Error internal_error(std::string message) {
    return {Errc::internal, std::move(message)};
}

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return assert(ok()), std::get<0>(state_); }
    const T& value() const& { return assert(ok()), std::get<0>(state_); }
    T&& value() && { return assert(ok()), std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& { return assert(!ok()), std::get<1>(state_); }
    Error&& error() && { return assert(!ok()), std::get<1>(std::move(state_)); }

    T value_or(T other) const& { return ok() ? value() : std::move(other); }

  private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit on purpose

    bool ok() const { return ok_; }
    explicit operator bool() const { return ok_; }
    const Error& error() const& { return assert(!ok_), error_; }
    Error&& error() && { return assert(!ok_), std::move(error_); }

  private:
    Error error_;
    bool ok_ = true;
};

using Status = Result<void>;
inline Status ok_status() {
    return {};
}

}  // namespace stoa

#define STOA_CONCAT_(a, b) a##b
#define STOA_CONCAT(a, b) STOA_CONCAT_(a, b)
/// STOA_TRY(auto x, f()): returns f's error from the enclosing function, else binds its value.
#define STOA_TRY(decl, expr) STOA_TRY_(STOA_CONCAT(stoa_try_, __LINE__), decl, expr)
#define STOA_TRY_(tmp, decl, expr)                \
    auto tmp = (expr);                            \
    if (!tmp.ok()) return std::move(tmp).error(); \
    decl = std::move(tmp).value()
/// STOA_CHECK(f()): returns f's error from the enclosing function.
#define STOA_CHECK(expr) STOA_CHECK_(STOA_CONCAT(stoa_check_, __LINE__), expr)
#define STOA_CHECK_(tmp, expr) \
    if (auto tmp = (expr); !tmp.ok()) return std::move(tmp).error()
