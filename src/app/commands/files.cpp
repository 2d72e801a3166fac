// stoa files clean: removes bytes that no record names any more.

#include <future>

#include "app/commands/common.hpp"
#include "app/file_cleanup.hpp"
#include "app/file_store.hpp"
#include "json/writer.hpp"

namespace stoa::app {

Status files_clean(const ListOptions& options) {
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const Config config, config_of(options));
    STOA_TRY(const auto store, open_file_store(config));
    FileCleanup cleanup(*portal, *store);
    FileCleanup::Counts all;
    for (bool more = true; more;) {
        std::promise<Result<FileCleanup::Counts>> promise;
        cleanup.run([&](Result<FileCleanup::Counts> counts) { promise.set_value(std::move(counts)); });
        STOA_TRY(const FileCleanup::Counts counts, promise.get_future().get());
        all.found += counts.found;
        all.removed += counts.removed;
        more = counts.found > 0 && counts.removed == counts.found;
    }
    store->close();
    if (options.json) {
        std::string text;
        json::Writer(text).begin_object().field("found", all.found).field("removed", all.removed).end_object();
        print_line(text);
    } else {
        print_line("Removed " + std::to_string(all.removed) + " of " + std::to_string(all.found) +
                   " files that nothing names any more.");
    }
    if (all.removed < all.found) {
        return Error{Errc::unavailable, "The file store did not remove all of them. See the log; run it again."};
    }
    return {};
}

}  // namespace stoa::app
