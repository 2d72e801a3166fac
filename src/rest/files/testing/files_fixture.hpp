#pragma once
// Tests only. FilesFixture: the wire on a real store of records and a real directory of files, with the methods
//   test.upload      {title, fileContent} → a book, and a file that it answers with as {id, name, bytes, url}
//   test.needsWrite  a read that makes a book before it can answer

#include "api/file_links.hpp"
#include "base/testing/engine_process.hpp"
#include "files/store.hpp"
#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest::testing {

class FilesFixture : public WireFixture {
  protected:
    FilesFixture();
    ~FilesFixture() override;
    /// `folder`: where the files are kept; empty = a folder of its own.
    void open_files(RestOptions options = {}, std::string folder = {});

    static std::string upload_body(const std::string& name, const std::string& content,
                                   const std::string& title = "Title");
    Reply upload(const std::string& name, const std::string& content, Headers headers = {}) {
        return hook("test.upload", upload_body(name, content), std::move(headers));
    }
    /// The target of the link that an upload answered with.
    static std::string target_of(const Reply& uploaded);
    api::FileLinks links(UnixSeconds now);
    /// Takes any number of bytes in the store away behind the wire's back.
    void lose_blobs();
    std::vector<std::string> blobs() const;
    std::int64_t rows(const std::string& table);

    std::string folder_;
    std::unique_ptr<files::Store> store;

  private:
    fixture::TempDir temporary_;
};

}  // namespace stoa::rest::testing
