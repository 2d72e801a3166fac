// What storing a file costs: directory, S3, virus scan. Usage: stoa_files_bench [FOLDER]

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/testing/engine_process.hpp"
#include "files/directory/crc32c.hpp"
#include "files/open.hpp"
#include "files/s3/signer.hpp"
#include "files/scan/clamd.hpp"
#include "files/testing/clamd_process.hpp"
#include "files/testing/swift_store.hpp"
#include "files/testing/waiting_store.hpp"

namespace stoa::files {
namespace {

using namespace testing;

[[noreturn]] void die(const std::string& what) {
    std::fprintf(stderr, "stoa_files_bench: %s\n", what.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result.ok()) die(result.error().message);
    return std::move(result).value();
}

double process_cpu_ms() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

struct Cost {
    double ms = 1e9;      ///< best
    double cpu_ms = 1e9;  ///< of this process, best
};

template <class F>
Cost measure(int rounds, F&& f) {
    Cost best;
    for (int i = 0; i < rounds; ++i) {
        const double cpu = process_cpu_ms();
        const auto from = std::chrono::steady_clock::now();
        f();
        best.ms = std::min(best.ms,
                           std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - from).count());
        best.cpu_ms = std::min(best.cpu_ms, process_cpu_ms() - cpu);
    }
    return best;
}

void print(const char* what, std::size_t bytes, const Cost& cost) {
    const double mb = static_cast<double>(bytes) / 1e6;
    std::printf("%-28s %9.3f MB %9.2f ms %9.1f MB/s %9.2f ms CPU\n", what, mb, cost.ms, mb / cost.ms * 1e3,
                cost.cpu_ms);
}

constexpr std::size_t kSizes[] = {4'000, 1'000'000, 8'000'000, 20'000'000};

int rounds_for(std::size_t bytes) {
    return bytes > 2'000'000 ? 5 : 20;
}

std::string read_all(Store& store, const Blob& blob, std::size_t bytes) {
    std::string out;
    for (std::uint64_t at = 0; at < bytes; at += limits::file_read_bytes_max)
        out += must(get(store, blob, {at, at + limits::file_read_bytes_max}));
    return out;
}

void plain_write(const std::string& path, const std::string& bytes) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) || ::fsync(fd.get()) != 0) {
        die("cannot write " + path);
    }
}

void bench_store(const char* name, Store& store) {
    for (const std::size_t bytes : kSizes) {
        const std::string text = noise(bytes);
        const Blob blob{1, "bench"};
        const auto put_cost = measure(rounds_for(bytes), [&] { must(put(store, blob, text)); });
        const auto get_cost = measure(rounds_for(bytes), [&] {
            if (read_all(store, blob, bytes).size() != bytes) die("wrong length");
        });
        print((std::string(name) + " put").c_str(), bytes, put_cost);
        print((std::string(name) + " get").c_str(), bytes, get_cost);
    }
}

void bench_directory(const std::string& folder) {
    for (const std::size_t bytes : kSizes) {
        const std::string text = noise(bytes);
        print("plain write + fsync", bytes, measure(rounds_for(bytes), [&] { plain_write(folder + "/plain", text); }));
    }
    StoreOptions options;
    options.url.scheme = "dir";
    options.url.path = folder + "/store";
    std::filesystem::create_directory(options.url.path);
    const auto store = must(open(options));
    bench_store("directory", *store);
}

void bench_s3() {
    const auto swift = must(SwiftStore::start());
    StoreOptions options;
    options.url = swift->url("bench");
    const auto store = must(open(options));
    bench_store("S3 (Swift)", *store);
}

void bench_digests() {
    const std::string text = noise(20'000'000);
    print("SHA-256", text.size(), measure(5, [&] { (void)sha256(text); }));
    print("CRC-32C", text.size(), measure(5, [&] { (void)crc32c(text); }));
    const s3::Key key{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"};
    const s3::Signable request{"GET", "s3.example.org", "/bucket/1/drive/2/3", {}, {}, sha256_hex(""), 1'700'000'000};
    constexpr int kTimes = 1'000;
    const auto times = [](auto f) {
        return measure(5,
                       [&] {
                           for (int i = 0; i < kTimes; ++i)
                               f();
                       })
                   .ms /
               kTimes * 1e3;
    };
    std::printf("%-28s %9.1f us\n", "sign a request", times([&] { (void)s3::sign(key, request); }));
    std::printf("%-28s %9.1f us\n", "an address for a browser", times([&] { (void)s3::presign(key, request, 300); }));
}

void bench_scan() {
    const auto clamd = must(ClamdProcess::start());
    EngineUrl address;
    address.scheme = "clamd";
    address.hosts = {{clamd->socket(), 0}};
    const Clamd scanner = must(Clamd::at(address));
    const std::atomic<bool> stop{false};
    for (const std::size_t bytes : kSizes) {
        const auto source = memory_source(std::make_shared<const std::string>(noise(bytes)));
        const auto cost = measure(rounds_for(bytes), [&] {
            if (must(scanner.scan(*source, stop)).infected) die("a virus in noise");
        });
        print("virus scan (clamd)", bytes, cost);
    }
}

}  // namespace
}  // namespace stoa::files

int main(int argc, char** argv) {
    using namespace stoa;
    log::configure(log::Level::error, log::Format::logfmt);
    const fixture::TempDir temporary;
    const std::string folder = argc > 1 ? argv[1] : temporary.path();
    files::bench_directory(folder);
    files::bench_digests();
    files::bench_scan();
    files::bench_s3();
    return 0;
}
