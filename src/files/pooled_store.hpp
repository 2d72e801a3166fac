#pragma once
// The Store over any Backend: runs its blocking calls in a GuardedPool, counts, measures and logs them.
// Metrics: stoa_files_seconds{store,operation} (from the call to its answer, waiting included),
// stoa_files_operations_total{store,operation,result}.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "files/backend.hpp"
#include "files/guarded_pool.hpp"
#include "files/store.hpp"

namespace stoa::files {

/// Probes first; errors: those of GuardedPool::start(). `options.probe` is filled in here.
Result<std::unique_ptr<Store>> make_pooled_store(std::shared_ptr<Backend> backend, GuardedPool::Options options);

}  // namespace stoa::files
