#pragma once
// Opens the store of files that the configuration names. Blocking for at most a few seconds, whatever the store does.

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/engine_url.hpp"
#include "base/result.hpp"
#include "files/store.hpp"

namespace stoa::files {

struct StoreOptions {
    /// dir:/srv/stoa/files, or s3+https://KEY@host[:port][,host…]/bucket[/prefix] with the secret key as `password` and
    /// the parameters
    ///   region     default us-east-1
    ///   public     address for browsers when it is another, e.g. https://files.example.org
    ///   ca_file    PEM of who signed the store's certificate, when that is not a public authority
    ///   stall_ms   without progress, then an operation is refused; default limits::file_stall_ms
    EngineUrl url;
    bool create = true;    ///< dir: an empty folder becomes a store; false refuses it (an unmounted share is empty)
    EngineUrl virus_scan;  ///< clamd://host:port or clamd://%2Frun%2Fclamd.sock; without a scheme: nothing is scanned
    bool accept_unscanned = false;  ///< when the scanner does not answer; else such files are refused
    Clock* clock = &system_clock();
};

/// A store that is down is opened all the same: it answers `unavailable` until it is back.
/// Errors: invalid_argument with the field "files.url" (or virus_scan.address) and what to do: a bad address, no such
/// folder or bucket, a wrong key, a clock that is too far off.
Result<std::unique_ptr<Store>> open(const StoreOptions& options);

/// For `stoa doctor`: opens the store, writes, reads and removes a small file. Gives a line for people such as
/// "dir:/srv: 12 ms to write, 1 ms to read". Errors: those of open() and of the operations.
Result<std::string> check(const StoreOptions& options);

}  // namespace stoa::files
