#include "cache/redis/trouble.hpp"

#include <algorithm>
#include <array>

namespace stoa::cache::redis {
namespace {

struct Kind {
    std::string_view begins;
    std::string_view name;
    std::string_view advice;
    bool look_again;
};

// The words of src/server.c and src/acl.c of Redis 7.0.
constexpr std::array kKinds = {
    Kind{"WRONGPASS", "wrong_password", "The password of Redis is wrong: set the password file of this address.", true},
    Kind{"ERR invalid password", "wrong_password",
         "The password of Redis is wrong: set the password file of this address.", true},
    Kind{"ERR AUTH", "wrong_password",
         "Redis has no password, but one is configured: remove it, or give Redis one (requirepass).", true},
    Kind{"NOAUTH", "password_missing", "Redis wants a password: set the password file of this address.", true},
    Kind{"LOADING", "loading", "Redis is still reading its data from disk: wait.", true},
    Kind{"READONLY", "read_only", "This Redis is a replica now: the master is looked for again.", true},
    Kind{"MASTERDOWN", "master_down", "This Redis is a replica without its master: the master is looked for again.",
         true},
    Kind{"NOREPLICAS", "no_replicas",
         "Redis has too few replicas in reach and takes no writes (min-replicas-to-write): start its replicas.", false},
    Kind{"OOM", "out_of_memory", "Redis has used up maxmemory: give it more, or a maxmemory-policy that evicts.",
         false},
    Kind{"MISCONF", "cannot_save", "Redis cannot write its data to disk and takes no writes: look into its log.",
         false},
    Kind{"NOPERM", "no_permission", "This user of Redis may not run the command: widen its ACL.", false},
};

}  // namespace

Error error_of(std::string_view reply) {
    const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                    [reply](const Kind& kind) { return reply.starts_with(kind.begins); });
    if (found == kKinds.end()) return {Errc::unavailable, "Redis refused: " + std::string(reply), "refused"};
    return {Errc::unavailable, std::string(found->advice) + " (" + std::string(reply) + ")", std::string(found->name)};
}

bool asks_for_new_look(const Error& error) {
    const auto found =
        std::find_if(kKinds.begin(), kKinds.end(), [&error](const Kind& kind) { return kind.name == error.field; });
    return found != kKinds.end() && found->look_again;
}

}  // namespace stoa::cache::redis
