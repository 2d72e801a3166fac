#include "rest/files/testing/files_fixture.hpp"

#include "api/file_fields.hpp"
#include "base/crypto.hpp"
#include "files/open.hpp"
#include "model/stored_files.hpp"

namespace stoa::rest::testing {
namespace {

Status add_book(api::Call& call, const std::string& title) {
    model::Changes book(call.registry().entity("lib.book"));
    book.set("TITLE", title);
    auto added = call.records.as_system().add(std::move(book));
    return added ? Status() : Status(added.error());
}

Status upload_file(api::Call& call) {
    const json::Value* given = call.params.find("fileContent");
    const model::StoredContent* content = given ? call.upload(*given) : nullptr;
    if (!content) return invalid("There is no file.", "fileContent");
    STOA_TRY(const std::string title, call.params.text("title"));
    STOA_CHECK(add_book(call, title));
    STOA_TRY(const RecordId id, model::add_file(call.records, *content, "test"));
    STOA_TRY(const bool broken, call.params.boolean_or("broken", false));
    if (broken) return invalid("Broken on wish.");
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call.records));
    call.out.begin_object().field("id", id).field("name", content->name).field("bytes", content->bytes);
    call.out.field("url", links.download(id)).field("show", links.show(id)).end_object();
    return {};
}

Status needs_write(api::Call& call) {
    STOA_TRY(const std::int64_t books, call.records.count(call.registry().entity("lib.book"), {}));
    if (books == 0) {
        if (!call.records.writable()) return api::needs_write();
        STOA_CHECK(add_book(call, "made on first use"));
    }
    call.out.integer(std::max<std::int64_t>(books, 1));
    return {};
}

}  // namespace

FilesFixture::FilesFixture() = default;

FilesFixture::~FilesFixture() {
    if (server) server->stop();
    if (store) store->close();
}

void FilesFixture::open_files(RestOptions options, std::string folder) {
    folder_ = folder.empty() ? temporary_.path() : std::move(folder);
    files::StoreOptions store_options;
    store_options.url.scheme = "dir";
    store_options.url.path = folder_;
    auto opened = files::open(store_options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store = std::move(*opened);
    methods.add({{.name = "test.upload",
                  .effect = api::Effect::write,
                  .handler = upload_file,
                  .files = api::files_in_parameter("fileContent", "ERROR_COULD_NOT_SAVE_FILE")},
                 {.name = "test.needsWrite", .run = api::Run::io, .handler = needs_write}});
    options.files.store = store.get();
    open(std::move(options));
}

std::string FilesFixture::upload_body(const std::string& name, const std::string& content, const std::string& title) {
    json::Object body;
    body.set("title", title);
    body.set("fileContent", json::Array{name, base64_encode(content)});
    return json::to_json(json::Value(std::move(body)));
}

std::string FilesFixture::target_of(const Reply& uploaded) {
    const json::Value* result = uploaded.value.find("result");
    const json::Value* url = result ? result->find("url") : nullptr;
    const std::string text = url ? url->string() : "https://portal.test/none";
    return text.substr(std::string("https://portal.test").size());
}

api::FileLinks FilesFixture::links(UnixSeconds now) {
    model::AccountInfo account;
    account.id = 1;
    const Status read = database->read(1, [&](db::Tx& tx) -> Status {
        STOA_TRY(account.file_key, model::find_file_key(tx));
        return {};
    });
    EXPECT_TRUE(read.ok());
    return {account, now};
}

std::vector<std::string> FilesFixture::blobs() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        if (entry.path().extension() == ".blob") out.push_back(entry.path().string());
    }
    return out;
}

void FilesFixture::lose_blobs() {
    for (const std::string& blob : blobs())
        std::filesystem::remove(blob);
}

std::int64_t FilesFixture::rows(const std::string& table) {
    std::int64_t count = -1;
    const Status read = database->read(1, [&](db::Tx& tx) -> Status {
        STOA_TRY(count, tx.count(table, db::Condition::always()));
        return {};
    });
    EXPECT_TRUE(read.ok());
    return count;
}

}  // namespace stoa::rest::testing
