#include "net/request_reader.hpp"

#include <strings.h>

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional/optional.hpp>
#include <optional>
#include <string>

namespace stoa::net {
namespace http = boost::beast::http;
namespace {

using boost::beast::error_code;
using boost::beast::string_view;

constexpr std::size_t kHeaderFieldsMax = 200;
constexpr std::size_t kBodyReserveMax = 1024 * 1024;  // a promise of Content-Length alone does not cost more memory

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// "http://host/path" → "/path": servers must take the absolute form too.
std::string_view origin_form(std::string_view target) {
    const bool absolute =
        target.size() > 7 && (equal(target.substr(0, 7), "http://") || equal(target.substr(0, 8), "https://"));
    if (!absolute) return target;
    const auto slash = target.find('/', target.find("//") + 2);
    return slash == target.npos ? std::string_view("/") : target.substr(slash);
}

/// Whether a request line ends like one, so that only its version is unknown: "GET / HTTP/2.0".
bool names_a_version(std::string_view bytes) {
    const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
    const auto blank = line.rfind(' ');
    return std::count(line.begin(), line.end(), ' ') == 2 && line.substr(blank + 1, 5) == "HTTP/";
}

/// Writes what Beast finds straight into a Request.
class Parser final : public http::basic_parser<true> {
  public:
    explicit Parser(Request& request) : request_(request) { eager(false); }

    int status() const { return status_; }  // 0: nothing of our own to refuse
    bool http_1_0() const { return http_1_0_; }
    bool expects_continue() const { return expects_continue_; }
    bool at_chunk_head() const { return chunked() && is_header_done() && !is_done() && chunk_rest_ == 0; }

  private:
    void refuse(int status, error_code& error) {
        status_ = status;
        error = http::error::bad_value;
    }

    void on_request_impl(http::verb, string_view method, string_view target, int version, error_code& error) override {
        if (target.empty()) return refuse(400, error);
        http_1_0_ = version == 10;
        request_.method.assign(method.data(), method.size());
        request_.target = origin_form({target.data(), target.size()});
        const char first = request_.target.front();
        if (first == '/' || (request_.target == "*" && request_.method == "OPTIONS")) return;
        refuse(request_.method == "CONNECT" ? 501 : 400, error);
    }

    void on_field_impl(http::field field, string_view name, string_view value, error_code& error) override {
        if (header_done_) return;  // trailers are read and dropped
        if (request_.headers.size() == kHeaderFieldsMax) return refuse(431, error);
        request_.headers.push_back({std::string(name), std::string(value)});
        switch (field) {
            case http::field::host:
                if (host_seen_) return refuse(400, error);
                host_seen_ = true;
                return;
            case http::field::content_length:
                if (length_seen_ || value.find(',') != value.npos) return refuse(400, error);
                length_seen_ = true;
                return;
            case http::field::transfer_encoding:
                if (http_1_0_) return refuse(400, error);
                if (!equal({value.data(), value.size()}, "chunked")) return refuse(501, error);
                return;
            case http::field::expect:
                if (!equal({value.data(), value.size()}, "100-continue")) return refuse(417, error);
                expects_continue_ = !http_1_0_;
                return;
            default:
                return;
        }
    }

    void on_header_impl(error_code& error) override {
        header_done_ = true;
        if (!host_seen_ && !http_1_0_) refuse(400, error);
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        if (length) request_.body.reserve(std::min<std::size_t>(*length, kBodyReserveMax));
    }

    std::size_t on_body_impl(string_view bytes, error_code&) override {
        request_.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) override {
        chunk_rest_ -= bytes.size();
        return on_body_impl(bytes, error);
    }
    void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override { chunk_rest_ = size; }

    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_finish_impl(error_code&) override {}

    Request& request_;
    int status_ = 0;
    std::uint64_t chunk_rest_ = 0;
    bool http_1_0_ = false;
    bool header_done_ = false;
    bool host_seen_ = false;
    bool length_seen_ = false;
    bool expects_continue_ = false;
};

/// Whether these bytes, at the place of a chunk's head, begin the last chunk, whose trailers are not all here yet.
/// Beast 1.81 asserts when it is given the last chunk in pieces, so it gets it whole.
bool is_unfinished_last_chunk(std::string_view bytes) {
    const std::size_t head = bytes.substr(0, 2) == "\r\n" ? 2 : 0;  // ends the chunk before
    const std::size_t size_end = bytes.find_first_not_of('0', head);
    if (size_end == bytes.npos) return true;
    const bool zero = size_end > head && (bytes[size_end] == '\r' || bytes[size_end] == ';');
    return zero && bytes.find("\r\n\r\n", head) == bytes.npos;
}

}  // namespace

struct RequestReader::Impl {
    std::size_t header_bytes_max;
    std::size_t body_bytes_max;
    Request request{};
    std::optional<Parser> parser{};
    std::size_t header_bytes = 0;  // taken so far; Beast's own limit starts anew with every feed
    int status = 0;

    Step fail(std::size_t consumed, int code) {
        status = code;
        return {consumed, State::failed};
    }
    int status_of(const error_code& error, std::string_view bytes) const;
};

RequestReader::RequestReader(std::size_t header_bytes_max, std::size_t body_bytes_max)
    : impl_(new Impl{header_bytes_max, body_bytes_max}) {}
RequestReader::~RequestReader() = default;

RequestReader::Step RequestReader::feed(std::string_view bytes) {
    Impl& my = *impl_;
    std::size_t used = 0;
    if (!my.parser) {
        // Empty lines before a request are old clients' habit and harmless. RFC 9112 §2.2.
        while (bytes.substr(used, 2) == "\r\n")
            used += 2;
        if (used == bytes.size() || bytes.substr(used) == "\r") return {used, State::need_more};
        my.parser.emplace(my.request);
        my.parser->header_limit(static_cast<std::uint32_t>(my.header_bytes_max + 1));
        my.parser->body_limit(my.body_bytes_max);
    }
    Parser& parser = *my.parser;
    while (!parser.is_done()) {
        error_code error;
        const bool in_header = !parser.is_header_done();
        const std::string_view rest = bytes.substr(used);
        std::size_t taken = 0;
        if (parser.at_chunk_head() && is_unfinished_last_chunk(rest)) {
            error = http::error::need_more;
        } else {
            taken = parser.put({rest.data(), rest.size()}, error);
        }
        used += taken;
        if (in_header) {
            my.header_bytes += taken;
            const std::size_t waiting = error == http::error::need_more ? rest.size() - taken : 0;
            if (my.header_bytes + waiting > my.header_bytes_max) return my.fail(used, 431);
        }
        if (error == http::error::need_more) {
            // Only a chunk's head or the trailers can wait here; they must not grow without bound.
            if (rest.size() - taken > my.header_bytes_max) return my.fail(used, 400);
            return {used, State::need_more};
        }
        if (error) return my.fail(used, my.status_of(error, rest));
        if (used == bytes.size() && !parser.is_done()) return {used, State::need_more};
    }
    return {used, State::complete};
}

void RequestReader::reset() {
    Impl& my = *impl_;
    my.parser.reset();
    my.header_bytes = 0;
    my.status = 0;
    my.request.method.clear();
    my.request.target.clear();
    my.request.headers.clear();
    if (my.request.body.capacity() > 4096) {
        std::string().swap(my.request.body);
    } else {
        my.request.body.clear();
    }
}

bool RequestReader::header_done() const {
    return impl_->parser && impl_->parser->is_header_done();
}
bool RequestReader::expects_continue() const {
    return header_done() && impl_->parser->expects_continue();
}
bool RequestReader::keep_alive() const {
    return header_done() && impl_->parser->keep_alive();
}
bool RequestReader::http_1_0() const {
    return impl_->parser && impl_->parser->http_1_0();
}
Request& RequestReader::request() {
    return impl_->request;
}
int RequestReader::status() const {
    return impl_->status;
}

int RequestReader::Impl::status_of(const error_code& error, std::string_view bytes) const {
    if (parser->status() != 0) return parser->status();
    if (error == http::error::header_limit) return 431;
    if (error == http::error::body_limit) return 413;
    if (error == http::error::bad_version && names_a_version(bytes)) return 505;
    return 400;
}

}  // namespace stoa::net
