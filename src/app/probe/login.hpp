#pragma once
// Coming in as a person does: by a link, by an invitation, with a password. Blocking; the caller's thread.

#include <string>

#include "app/probe/caller.hpp"
#include "json/value.hpp"

namespace stoa::app::probe {

/// Uses a one-time link up; gives the session's cookie. With a password the link may be an invitation, too, of somebody
/// who has none yet. Errors: unauthorized (it was used already), those of fetch().
Result<std::string> use_link(Caller& caller, const std::string& link, const std::string& password);
/// Errors: unauthorized, those of fetch().
Result<std::string> use_password(Caller& caller, const std::string& email, const std::string& password);

struct Person {
    std::int64_t user = 0;
    Login login;
};
/// Who has that session, and the token that its requests need. Errors: unauthorized, those of fetch().
Result<Person> who_is(Caller& caller, const std::string& cookie);

}  // namespace stoa::app::probe
