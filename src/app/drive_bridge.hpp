#pragma once
// Puts files that came with a call into the caller's drive, for modules that must not know the drive.
// On the transaction's thread.

#include "api/call.hpp"
#include "model/stored_files.hpp"

namespace stoa::app {

/// Into the root folder of the caller's storage, under a name that is free there. Returns the drive's object.
Result<RecordId> keep_in_drive(api::Call& call, const model::StoredContent& content);

}  // namespace stoa::app
