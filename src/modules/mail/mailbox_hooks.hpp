#pragma once
// What is special about writing a mailbox. Used inside write transactions.

#include <memory>

#include "model/hooks.hpp"

namespace stoa::mail {

/// A real address, kept in lower case and once per user; names that fit a mail header; a bounded number per user.
std::unique_ptr<model::EntityHooks> make_mailbox_hooks();

}  // namespace stoa::mail
