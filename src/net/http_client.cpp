#include "net/http_client.hpp"

#include <curl/curl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "net/address.hpp"

namespace stoa::net {
namespace {

constexpr std::size_t kAnswerHeaderBytesMax = 64 * 1024;
constexpr std::string_view kWhitespace = " \t\r\n";

struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using Easy = std::unique_ptr<CURL, Free>;
using Multi = std::unique_ptr<CURLM, FreeMulti>;
using List = std::unique_ptr<curl_slist, Free>;

/// What the callbacks of one exchange work on.
struct Exchange {
    const ClientRequest& request;
    ClientResponse response{};
    std::size_t header_bytes = 0;
    bool target_refused = false;
    bool answer_too_large = false;
    bool source_failed = false;
    bool broken_off = false;
    std::uint64_t uploaded = 0;  ///< offset of the next byte to send
    std::uint64_t moved = 0;
    std::chrono::steady_clock::time_point moved_at = std::chrono::steady_clock::now();
};

/// One handle per thread and kind of target, for its open connections and TLS sessions: a connection to a private
/// address must not be found by a request that may not go there.
CURL* handle_for(bool allow_private_targets) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    thread_local Easy handles[2];
    Easy& easy = handles[allow_private_targets ? 1 : 0];
    if (easy) {
        curl_easy_reset(easy.get());  // keeps the connections
    } else {
        easy.reset(curl_easy_init());
    }
    return easy.get();
}

bool is_one_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

Status check(const ClientRequest& request) {
    if (request.method.empty() ||
        request.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != request.method.npos) {
        return invalid("Not an HTTP method: " + request.method, "method");
    }
    if (!is_one_line(request.url)) return invalid("The URL holds control characters.", "url");
    for (const Header& header : request.headers) {
        const bool clean = !header.name.empty() && header.name.find(':') == header.name.npos &&
                           is_one_line(header.name) && is_one_line(header.value);
        if (!clean) return invalid("A header holds a line break.", "headers");
    }
    return {};
}

/// Called with the address about to be connected to, whatever name or redirect of DNS led there.
curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
    auto& exchange = *static_cast<Exchange*>(user);
    if (!exchange.request.allow_private_targets && !is_public_address(address->addr)) {
        exchange.target_refused = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    if (exchange.request.on_body) {
        if (exchange.request.on_body({bytes, size})) return size;
        exchange.broken_off = true;
        return 0;
    }
    if (size > exchange.request.answer_bytes_max - exchange.response.body.size()) {
        exchange.answer_too_large = true;
        return 0;
    }
    exchange.response.body.append(bytes, size);
    return size;
}

std::size_t give_body(char* to, std::size_t, std::size_t size, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const UploadSource& source = exchange.request.upload;
    const std::uint64_t left = source.bytes - exchange.uploaded;
    if (left == 0) return 0;
    const std::size_t wanted = left < size ? static_cast<std::size_t>(left) : size;
    const std::size_t given = source.read(exchange.uploaded, to, wanted);
    if (given == 0 || given > wanted) {
        exchange.source_failed = true;
        return CURL_READFUNC_ABORT;
    }
    exchange.uploaded += given;
    return given;
}

int seek_body(void* user, curl_off_t offset, int origin) {
    if (origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
    static_cast<Exchange*>(user)->uploaded = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
}

/// Not 0 breaks the exchange off.
int look_at_progress(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
    auto& exchange = *static_cast<Exchange*>(user);
    const auto now = std::chrono::steady_clock::now();
    // The answer's head is progress, too.
    const auto moved = static_cast<std::uint64_t>(received + sent) + exchange.header_bytes;
    if (moved != exchange.moved) {
        exchange.moved = moved;
        exchange.moved_at = now;
    }
    const int stall_ms = exchange.request.stall_ms;
    if (stall_ms > 0 && now - exchange.moved_at > std::chrono::milliseconds(stall_ms)) return 1;
    return exchange.request.on_progress && !exchange.request.on_progress(moved) ? 1 : 0;
}

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(kWhitespace);
    if (from == text.npos) return {};
    return text.substr(from, text.find_last_not_of(kWhitespace) - from + 1);
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    exchange.header_bytes += size;
    if (exchange.header_bytes > kAnswerHeaderBytesMax) {
        exchange.answer_too_large = true;
        return 0;
    }
    const std::string_view line(bytes, size);
    // A status line starts the final answer anew after "100 Continue".
    if (line.substr(0, 5) == "HTTP/") exchange.response.headers.clear();
    const auto colon = line.find(':');
    if (colon != line.npos && line.substr(0, 5) != "HTTP/") {
        exchange.response.headers.push_back(
            {std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
    }
    return size;
}

List header_list(const ClientRequest& request) {
    List list;
    const auto add = [&list](const std::string& line) {
        if (curl_slist* grown = curl_slist_append(list.get(), line.c_str())) {
            (void)list.release();
            list.reset(grown);
        }
    };
    add("Expect:");  // no extra round trip before a body
    for (const Header& header : request.headers) {
        add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
    }
    return list;
}

void set_upload(CURL* easy, Exchange& exchange) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.request.upload.bytes));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 128L * 1024);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange.request.method.c_str());
}

void set_method(CURL* easy, Exchange& exchange) {
    const ClientRequest& request = exchange.request;
    if (request.upload.read) return set_upload(easy, exchange);
    if (request.method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request.method == "GET" && request.body.empty()) return;
    const bool has_body =
        !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_limits(CURL* easy, Exchange& exchange) {
    const ClientRequest& request = exchange.request;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY,
                     "");  // not even the one of the environment: it would hide the target's address
    // One request at a time gains nothing from HTTP/2, and loses: after a deadline only the stream would be given up,
    // and the connection, which may be dead, taken for the next request and all that follow.
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 30L);
    curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 8L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request.verify_tls ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request.verify_tls ? 2L : 0L);
    if (!request.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
    if (request.stall_ms > 0 || request.on_progress) {
        curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_at_progress);
        curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &exchange);
    }
}

Error error_of(CURLcode code, const Exchange& exchange) {
    if (exchange.answer_too_large) return {Errc::too_large, "The answer is larger than allowed."};
    if (exchange.source_failed) return invalid("What was to be sent could not be read to its end.", "upload");
    if (exchange.broken_off) return {Errc::unavailable, "The exchange was broken off."};
    if (exchange.target_refused) return forbidden("The target address is not public.");
    switch (code) {
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_URL_MALFORMAT:
            return invalid("Not an http or https URL.", "url");
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_ABORTED_BY_CALLBACK:
            return {Errc::timeout, "The target did not answer in time."};
        case CURLE_PEER_FAILED_VERIFICATION:
            return {Errc::unavailable, "The target's TLS certificate is not trusted."};
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
            return {Errc::unavailable, "The target's answer was cut short."};
        case CURLE_SSL_CACERT_BADFILE:
            return invalid("The file of trusted certificates cannot be read.", "ca_file");
        case CURLE_COULDNT_RESOLVE_HOST:
            return {Errc::unavailable, "The target's name is unknown."};
        default:
            return {Errc::unavailable, std::string("The target cannot be reached: ") + curl_easy_strerror(code) + "."};
    }
}

/// As curl_easy_perform(), but ends when the request is cancelled.
CURLcode perform(CURL* easy, Exchange& exchange) {
    const Cancel* cancel = exchange.request.cancel;
    if (!cancel) return curl_easy_perform(easy);
    const Multi multi(curl_multi_init());
    if (!multi || curl_multi_add_handle(multi.get(), easy) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    curl_waitfd wake{cancel->event_fd(), CURL_WAIT_POLLIN, 0};
    int running = 1;
    while (running > 0) {
        exchange.broken_off = exchange.broken_off || cancel->cancelled();
        if (exchange.broken_off || curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
        if (running > 0 && curl_multi_poll(multi.get(), &wake, 1, 1'000, nullptr) != CURLM_OK) break;
    }
    int left = 0;
    if (const CURLMsg* message = curl_multi_info_read(multi.get(), &left); message && message->msg == CURLMSG_DONE) {
        code = message->data.result;
    }
    curl_multi_remove_handle(multi.get(), easy);
    return code;
}

}  // namespace

Cancel::Cancel() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Cancel::cancel() {
    cancelled_.store(true);
    ::eventfd_write(event_.get(), 1);
}

Result<ClientResponse> fetch(const ClientRequest& request) {
    STOA_CHECK(check(request));
    CURL* easy = handle_for(request.allow_private_targets);
    if (!easy) return internal_error("libcurl cannot be started.");
    Exchange exchange{request};
    const List headers = header_list(request);
    set_limits(easy, exchange);
    set_method(easy, exchange);
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Stoa");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);

    const CURLcode code = perform(easy, exchange);
    if (code != CURLE_OK) return error_of(code, exchange);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    return std::move(exchange.response);
}

}  // namespace stoa::net
