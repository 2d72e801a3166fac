#pragma once
// How whoever keeps logins learns what happens to users, without people knowing them: wired by app.
// Called inside the write transaction; an error refuses the write.

#include <string>

#include "base/result.hpp"
#include "model/records.hpp"

namespace stoa::people {

struct UserChange {
    UserId id = 0;
    bool added = false;
    std::string email;   ///< as it is now
    bool active = true;  ///< as it is now
    bool email_changed = false;
    bool active_changed = false;
    bool rights_changed = false;  ///< role or departments
};

class UserListener {
  public:
    virtual ~UserListener() = default;
    virtual Status user_saved(model::Records& records, const UserChange& change) = 0;
    virtual Status user_removed(model::Records& records, UserId user) = 0;
};

}  // namespace stoa::people
