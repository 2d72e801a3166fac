#include "files/directory/backend.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "files/directory/blob_file.hpp"
#include "files/directory/faults.hpp"
#include "files/directory/tree.hpp"

namespace stoa::files {
namespace {

class DirectoryBackend final : public Backend {
  public:
    DirectoryBackend(std::string root, bool create) : tree_(std::move(root), create) {}

    Result<BlobInfo> put(const Blob& blob, Source& source, Beat& beat) override {
        STOA_TRY(Tree::Temporary temporary, tree_.temporary(beat));
        BlobFile file(temporary.file(), tree_.root() + "/" + blob.key, beat);
        STOA_TRY(BlobInfo info, file.write(source));
        STOA_TRY(const Tree::Place place, tree_.place_of(blob, true, beat));
        if (beat.abandoned()) return abandoned();
        if (const int code = temporary.move_to(place); code != 0)
            return directory_fault("rename", place.path, code, beat);
        return info;
    }

    Result<std::string> get(const Blob& blob, ByteRange range, Beat& beat) override {
        STOA_TRY(const Opened opened, open(blob, beat));
        return BlobFile(opened.file, opened.path, beat).read(range);
    }

    Result<BlobInfo> stat(const Blob& blob, Beat& beat) override {
        STOA_TRY(const Opened opened, open(blob, beat));
        return BlobFile(opened.file, opened.path, beat).info();
    }

    Result<bool> remove(const Blob& blob, Beat& beat) override {
        const auto place = tree_.place_of(blob, false, beat);
        if (!place && place.error().code != Errc::not_found) return place.error();
        if (place && ::unlinkat(place->folder.get(), place->name.c_str(), 0) == 0) {
            if (const int code = sync_folder(place->folder); code != 0) {
                return directory_fault("fsync", place->path, code, beat);
            }
            return true;
        }
        if (place && errno != ENOENT) return directory_fault("unlink", place->path, errno, beat);
        STOA_CHECK(tree_.must_be_there(beat));
        return true;
    }

    Status probe(Beat& beat) override { return tree_.probe(beat); }
    void tidy(Beat& beat) override { tree_.remove_leftovers(beat); }
    std::optional<std::string> presigned_url(const Blob&, const Store::DownloadAs&) override { return std::nullopt; }

  private:
    struct Opened {
        Fd file;
        std::string path;
    };

    Result<Opened> open(const Blob& blob, Beat& beat) {
        auto place = tree_.place_of(blob, false, beat);
        if (!place && place.error().code != Errc::not_found) return place.error();
        if (place) {
            Fd file(::openat(place->folder.get(), place->name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
            if (file) return Opened{std::move(file), std::move(place->path)};
            if (errno != ENOENT) return directory_fault("open", place->path, errno, beat);
        }
        STOA_CHECK(tree_.must_be_there(beat));
        return not_found("There is no such file.");
    }

    Tree tree_;
};

}  // namespace

std::shared_ptr<Backend> directory_backend(std::string root, bool create) {
    return std::make_shared<DirectoryBackend>(std::move(root), create);
}

}  // namespace stoa::files
