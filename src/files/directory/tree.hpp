#pragma once
// The folders of a directory store:
//
//   <root>/.stoa/id              says which store this is, so that an unmounted share is not mistaken for an empty one
//   <root>/.stoa/tmp/<random>    what is being written; renamed when it is whole
//   <root>/<account>/a/b/c.blob  the blob "a/b/c"; the ending lets "a" and "a/b" live side by side
//
// Keys hold no dots (blob_key.hpp) and every folder below the root is opened one by one without following symbolic
// links, so nothing outside can be reached. Nothing is kept open between operations: a mount may go and come back.
// Blocking; any thread.

#include <mutex>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "files/beat.hpp"
#include "files/store.hpp"

namespace stoa::files {

/// Makes new and renamed entries outlast a power cut. 0, or errno; a file system that cannot is not at fault.
int sync_folder(const Fd& folder);

class Tree {
  public:
    /// `create`: an empty folder becomes a new store; else it must be one already.
    Tree(std::string root, bool create) : root_(std::move(root)), create_(create) {}

    /// Where a blob is, or would be.
    struct Place {
        Fd folder;
        std::string name;
        std::string path;  ///< for the log
    };
    /// Errors: not_found when a folder of it is missing and not to be made, else as directory_fault().
    Result<Place> place_of(const Blob& blob, bool make, Beat& beat) const;

    /// A new empty file, open for reading and writing; gone unless moved.
    class Temporary {
      public:
        Temporary(Fd folder, Fd file, std::string name)
            : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(name)) {}
        Temporary(Temporary&&) noexcept = default;
        Temporary& operator=(Temporary&&) = delete;
        ~Temporary();
        const Fd& file() const { return file_; }
        /// 0, or errno. The folder is synced.
        int move_to(const Place& place);

      private:
        Fd folder_;
        Fd file_;
        std::string name_;
    };
    Result<Temporary> temporary(Beat& beat) const;

    /// Not found is an answer only in a folder that still is the store. Errors: unavailable.
    Status must_be_there(Beat& beat) const;

    /// Compares the id with the one seen first, writes a file and reads it back. The first success of a process in an
    /// empty folder makes it a store. Errors: invalid_argument (no such folder, or not a store), else as above.
    Status probe(Beat& beat);

    /// Removes temporary files that nobody has written to for an hour, by the clock of the file system.
    void remove_leftovers(Beat& beat) const;

    const std::string& root() const { return root_; }

  private:
    Result<Fd> open_root(Beat& beat) const;
    Result<Fd> open_folder(const Fd& parent, const std::string& name, bool make, const std::string& path,
                           Beat& beat) const;
    Status make_store(const Fd& root, Beat& beat);
    Status compare_id(const Fd& root, Beat& beat);

    const std::string root_;
    const bool create_;
    std::mutex id_mutex_;
    std::string id_;  ///< guarded by id_mutex_, which is never held over a call to the file system; empty: not seen yet
};

}  // namespace stoa::files
