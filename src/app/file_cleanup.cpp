#include "app/file_cleanup.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "model/stored_files.hpp"
#include "rest/files/upload_record.hpp"

namespace stoa::app {

namespace {

Counter& removed_counter() {
    static Counter& removed = counter("stoa_files_removed_total", "Blobs removed because nothing named them.");
    return removed;
}

/// Counts down what is under way and reports at the end.
struct Tally {
    explicit Tally(int count, FileCleanup::Done to) : left(count), done(std::move(to)) { counts.found = count; }

    void one(bool removed_it) {
        if (removed_it) ++removed;
        if (--left > 0) return;
        counts.removed = removed;
        removed_counter().add(static_cast<std::uint64_t>(counts.removed));
        done(counts);
    }

    std::atomic<int> left;
    std::atomic<int> removed{0};
    FileCleanup::Counts counts;
    FileCleanup::Done done;
};

}  // namespace

void FileCleanup::tick(ThreadPool& workers) {
    if (++ticks_ % kEveryTicks != 0 || running_.exchange(true)) return;
    const bool posted = workers.post([this] {
        run([this](const Result<Counts>& counts) {
            running_ = false;
            if (!counts) {
                log::warn("file_cleanup_failed", {{"why", std::string_view(counts.error().message)}});
            } else if (counts->found > 0) {
                log::info("file_cleanup", {{"found", counts->found}, {"removed", counts->removed}});
            }
        });
    });
    if (!posted) running_ = false;
}

void FileCleanup::run(Done done) {
    const UnixSeconds now = portal_.model().clock.now();
    const auto purged =
        rest::purge_uploads(portal_.database(), portal_.model().registry, now, limits::files_removed_at_once_max);
    if (!purged) return done(purged.error());
    const auto given_up = model::give_up_blobs(portal_.database(), now, limits::files_removed_at_once_max);
    if (!given_up) return done(given_up.error());
    if (given_up->empty()) return done(Counts{});
    const auto tally = std::make_shared<Tally>(static_cast<int>(given_up->size()), std::move(done));
    for (const model::GivenUpBlob& blob : *given_up) {
        store_.remove({blob.account, blob.blob}, [this, tally, blob, now](const Result<bool>& removed) {
            if (!removed) return tally->one(false);
            model::forget_blob(portal_.database(), blob, now,
                               [tally](const Status& forgotten) { tally->one(forgotten.ok()); });
        });
    }
}

}  // namespace stoa::app
