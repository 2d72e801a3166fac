#include "rest/files/file_intake.hpp"

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/thread_annotations.hpp"
#include "model/stored_files.hpp"

namespace stoa::rest {
namespace {

struct Metrics {
    Counter& stored = counter("stoa_file_uploads_total", "Files put into the store.", {{"result", "stored"}});
    Counter& failed = counter("stoa_file_uploads_total", "Files put into the store.", {{"result", "failed"}});
    Counter& bytes = counter("stoa_file_upload_bytes_total", "Bytes put into the store.");
};

Metrics& metrics() {
    static Metrics all;
    return all;
}

bool takes_files(const MethodEntry* entry) {
    return entry && entry->method->files;
}

/// What clients get when the store fails: always something to be tried again, whatever the store said.
Error not_stored(Error error) {
    if (error.code == Errc::invalid_argument || error.code == Errc::too_large || error.code == Errc::forbidden) {
        return error;
    }
    error.code = error.code == Errc::busy ? Errc::busy : Errc::unavailable;
    error.message = "The file store does not take files just now. Nothing was saved; try again.";
    error.field.clear();
    error.api_code.clear();
    error.retry_after_s = std::max(1, error.retry_after_s);
    return error;
}

}  // namespace

/// The files of one request on their way; shared by the operations of the store, which end on several threads.
struct FileIntake::Load {
    std::shared_ptr<Exchange> exchange;
    std::vector<api::FileContent> contents;
    std::vector<std::string> keys;
    MemoryShares::Share memory;
    Done done;

    Mutex mutex;
    std::size_t left STOA_GUARDED_BY(mutex) = 0;
    Status status STOA_GUARDED_BY(mutex);

    /// True for the last one, with the outcome of all.
    bool one_done(const Status& outcome, Status& all) {
        const MutexLock lock(mutex);
        if (!outcome && status) status = outcome;
        all = status;
        return --left == 0;
    }
};

bool FileIntake::wanted(const Exchange& exchange) {
    if (!exchange.batch) return takes_files(exchange.entry) && api::may_hold_files(exchange.parameters);
    for (const BatchCommand& command : exchange.batch->commands) {
        if (!command.refused && takes_files(command.entry) && api::may_hold_files(command.parameters)) return true;
    }
    return false;
}

Status FileIntake::find_contents(Exchange& exchange, std::vector<api::FileContent>& contents) {
    STOA_CHECK(database_.read(exchange.identity->actor.account, [&](db::Tx& tx) -> Status {
        STOA_TRY(exchange.metadata, services_.model.metadata.load(tx));
        return {};
    }));
    const auto search_in = [&](const MethodEntry& entry, json::Value& parameters) -> Status {
        api::FileSearch search(parameters, services_.model.registry, *exchange.metadata);
        entry.method->files(search);
        return search.finish(contents);
    };
    if (!exchange.batch) return search_in(*exchange.entry, exchange.parameters);
    for (BatchCommand& command : exchange.batch->commands) {
        if (command.refused || !takes_files(command.entry)) continue;
        Status found = search_in(*command.entry, command.parameters);
        if (found) continue;
        // One bad command of v2 leaves the others alone; v3 is all or nothing.
        if (exchange.wire != api::Wire::v2) return found;
        command.refused = std::move(found).error();
    }
    return {};
}

void FileIntake::take(const std::shared_ptr<Exchange>& exchange, Done done) {
    std::vector<api::FileContent> contents;
    if (const Status found = find_contents(*exchange, contents); !found) return done(found);
    put(exchange, std::move(contents), std::move(done));
}

void FileIntake::put(const std::shared_ptr<Exchange>& exchange, std::vector<api::FileContent> contents, Done done) {
    if (contents.empty()) return done({});
    if (!store_) return done(Error{Errc::unavailable, "This server has no file store.", {}, {}, 60});
    std::size_t bytes = 0;
    for (const api::FileContent& content : contents)
        bytes += content.bytes->size();
    auto share = memory_.take(bytes);
    if (!share) return done(share.error());

    auto load = std::make_shared<Load>();
    load->exchange = exchange;
    load->contents = std::move(contents);
    load->memory = std::move(*share);
    load->done = std::move(done);
    const UnixSeconds now = services_.model.clock.now();
    database_.write(
        {.account = exchange->identity->actor.account, .timeout_ms = hold_ms_},
        [load, now](db::WriteTx& tx) -> Result<std::string> {
            load->keys.clear();
            for (const api::FileContent& content : load->contents) {
                STOA_TRY(std::string key, model::note_blob(tx, content.sha256, now));
                load->keys.push_back(std::move(key));
            }
            return std::string();
        },
        [this, load](const Result<db::WriteOutcome>& noted) {
            if (!noted) return load->done(noted.error());
            put_noted(load);
        });
}

void FileIntake::put_noted(const std::shared_ptr<Load>& load) {
    const AccountId account = load->exchange->identity->actor.account;
    const std::size_t count = load->contents.size();
    {
        const MutexLock lock(load->mutex);
        load->left = count;
    }
    for (std::size_t i = 0; i < count; ++i) {
        store_->put({account, load->keys[i]}, load->contents[i].bytes, [load](const Result<files::BlobInfo>& put) {
            (put ? metrics().stored : metrics().failed).add();
            Status all;
            if (!load->one_done(put ? Status() : Status(put.error()), all)) return;
            if (!all) {
                log::warn("file_not_stored",
                          {{"request", load->exchange->request_id}, {"why", std::string_view(all.error().message)}});
                return load->done(not_stored(all.error()));
            }
            for (std::size_t n = 0; n < load->contents.size(); ++n) {
                const api::FileContent& content = load->contents[n];
                metrics().bytes.add(content.bytes->size());
                load->exchange->uploads.push_back({load->keys[n], content.name, std::string(content.content_type),
                                                   static_cast<std::int64_t>(content.bytes->size())});
            }
            load->contents.clear();
            load->memory.reset();
            load->done({});
        });
    }
}

}  // namespace stoa::rest
