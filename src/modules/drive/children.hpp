#pragma once
// Pages of what lies in a folder. On the transaction's thread.

#include "api/call.hpp"

namespace stoa::drive {

/// One page by the call's filter, order and start: a bare list with total and next.
Status write_children(api::Call& call, RecordId folder);

/// The new folder below `folder` by the call's data[NAME] and rights, as the whole answer.
Status make_folder(api::Call& call, const model::Record& folder);

}  // namespace stoa::drive
