#include <cstring>
#include <optional>

#include "base/crypto.hpp"
#include "base/function_ref.hpp"
#include "base/utf8.hpp"
#include "json/form_tree.hpp"
#include "json/parse.hpp"
#include "json/url.hpp"

namespace stoa::json {
namespace {

constexpr std::size_t kBoundaryBytesMax = 70;  // RFC 2046
constexpr std::size_t kPartHeaderBytesMax = 8 * 1024;

Error malformed() {
    return invalid("The multipart body is malformed.");
}

/// memmem is linear whatever the bytes are; string_view::find is not.
std::size_t find(std::string_view in, std::string_view what) {
    const void* at = memmem(in.data(), in.size(), what.data(), what.size());
    return at ? static_cast<std::size_t>(static_cast<const char*>(at) - in.data()) : std::string_view::npos;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// Steps through `; name=value; name="value"` of a header.
class Parameters {
  public:
    /// Starts behind the header's first token.
    explicit Parameters(std::string_view header) {
        const std::size_t semicolon = header.find(';');
        if (semicolon != std::string_view::npos) rest_ = header.substr(semicolon);
    }

    bool next(std::string& name, std::string& value) {
        while (!rest_.empty() && (rest_[0] == ';' || rest_[0] == ' ' || rest_[0] == '\t'))
            rest_.remove_prefix(1);
        const std::size_t equals = rest_.find_first_of("=;");
        if (equals == std::string_view::npos) return false;
        name = to_lower_ascii(trim(rest_.substr(0, equals)));
        value.clear();
        if (rest_[equals] == ';') {
            rest_.remove_prefix(equals);
            return true;
        }
        rest_ = trim(rest_.substr(equals + 1));
        if (!rest_.empty() && rest_[0] == '"') {
            quoted(value);
        } else {
            const std::string_view bare = rest_.substr(0, rest_.find(';'));
            rest_.remove_prefix(bare.size());
            value = trim(bare);
        }
        return true;
    }

  private:
    /// Only \" and \\ are escapes: browsers of old send C:\file as it is.
    void quoted(std::string& value) {
        rest_.remove_prefix(1);
        while (!rest_.empty() && rest_[0] != '"') {
            if (rest_.size() > 1 && rest_[0] == '\\' && (rest_[1] == '"' || rest_[1] == '\\')) rest_.remove_prefix(1);
            value += rest_[0];
            rest_.remove_prefix(1);
        }
        rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
    }

    std::string_view rest_;
};

/// Browsers write `"` and line ends inside a name as %22, %0D, %0A, and nothing else.
/// https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
std::string undo_browser_escapes(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view three = text.substr(i, 3);
        if (three == "%22" || equals_any_case(three, "%0D") || equals_any_case(three, "%0A")) {
            out += three == "%22" ? '"' : equals_any_case(three, "%0D") ? '\r' : '\n';
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// A name, never a path.
std::string base_name(const std::string& text) {
    const std::size_t slash = text.find_last_of("/\\");
    return slash == std::string::npos ? text : text.substr(slash + 1);
}

/// RFC 8187: UTF-8'en'%e2%82%ac.txt; other charsets are left alone.
std::optional<std::string> extended_value(std::string_view text) {
    if (text.size() < 7 || !equals_any_case(text.substr(0, 6), "UTF-8'")) return std::nullopt;
    const std::size_t quote = text.find('\'', 6);
    if (quote == std::string_view::npos) return std::nullopt;
    std::string encoded(text.substr(quote + 1));
    for (std::size_t at = 0; (at = encoded.find('+', at)) != std::string::npos;)
        encoded.replace(at, 1, "%2B");
    return url_decode(encoded);
}

struct PartHead {
    std::optional<std::string> name;
    std::optional<std::string> file_name;
};

void read_disposition(std::string_view header, PartHead& head) {
    Parameters parameters(header);
    std::string name, value;
    std::optional<std::string> extended;
    while (parameters.next(name, value)) {
        if (name == "name") head.name = undo_browser_escapes(value);
        if (name == "filename") head.file_name = base_name(undo_browser_escapes(value));
        if (name == "filename*") extended = extended_value(value);
    }
    if (extended) head.file_name = base_name(*extended);
}

PartHead read_head(std::string_view lines) {
    PartHead head;
    while (!lines.empty()) {
        const std::size_t end = find(lines, "\r\n");
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        if (equals_any_case(trim(line.substr(0, colon)), "content-disposition")) {
            read_disposition(line.substr(colon + 1), head);
        }
    }
    return head;
}

struct Part {
    PartHead head;
    std::string_view content;
};

Result<Part> read_part(std::string_view part) {
    // A part without headers begins with the empty line itself.
    std::string_view head_lines, content;
    if (part.substr(0, 2) == "\r\n") {
        content = part.substr(2);
    } else {
        const std::size_t blank = find(part.substr(0, kPartHeaderBytesMax + 4), "\r\n\r\n");
        if (blank == std::string_view::npos) {
            if (part.size() > kPartHeaderBytesMax) return Error{Errc::too_large, "A part has too many header bytes."};
            return malformed();
        }
        head_lines = part.substr(0, blank);
        content = part.substr(blank + 4);
    }
    Part out{read_head(head_lines), content};
    if (!out.head.name) return malformed();
    const std::optional<std::string>& file_name = out.head.file_name;
    if (file_name && (has_nul(*file_name) || !is_valid_utf8(*file_name))) {
        return invalid("The file name is not valid UTF-8 text.", is_valid_utf8(*out.head.name) ? *out.head.name : "");
    }
    return out;
}

/// A file input left empty.
bool is_no_file(const Part& part) {
    return part.head.file_name && part.head.file_name->empty() && part.content.empty();
}

Status add_part(FormTree& tree, std::string_view text) {
    STOA_TRY(Part part, read_part(text));
    PartHead& head = part.head;
    const std::string_view content = part.content;
    if (!head.file_name) return tree.add(*head.name, content);
    if (is_no_file(part)) return {};
    Array file;
    file.emplace_back(*std::move(head.file_name));
    file.emplace_back(base64_encode(content));
    return tree.add(*head.name, std::move(file), 3);
}

Result<std::string> boundary_of(std::string_view content_type) {
    Parameters parameters(content_type);
    std::string name, value;
    while (parameters.next(name, value)) {
        if (name != "boundary") continue;
        if (value.empty() || value.size() > kBoundaryBytesMax) break;
        return value;
    }
    return invalid("The multipart content type has no usable boundary.");
}

Status for_each_part(std::string_view body, std::string_view content_type, FunctionRef<Status(std::string_view)> take) {
    STOA_TRY(const std::string boundary, boundary_of(content_type));
    const std::string delimiter = "\r\n--" + boundary;
    // The first delimiter may lack the line end that belongs to all others.
    const bool at_start = body.substr(0, delimiter.size() - 2) == std::string_view(delimiter).substr(2);
    const std::size_t first = at_start ? 0 : find(body, delimiter);
    if (first == std::string_view::npos) return malformed();
    body.remove_prefix(first + delimiter.size() - (at_start ? 2 : 0));
    while (body.substr(0, 2) != "--") {
        while (!body.empty() && (body[0] == ' ' || body[0] == '\t'))
            body.remove_prefix(1);  // transport padding
        if (body.substr(0, 2) != "\r\n") return malformed();
        body.remove_prefix(2);
        const std::size_t end = find(body, delimiter);
        if (end == std::string_view::npos) return malformed();
        STOA_CHECK(take(body.substr(0, end)));
        body.remove_prefix(end + delimiter.size());
    }
    return {};
}

}  // namespace

Result<Value> parse_multipart(std::string_view body, std::string_view content_type) {
    FormTree tree;
    STOA_CHECK(for_each_part(body, content_type, [&](std::string_view part) { return add_part(tree, part); }));
    return tree.finish();
}

Result<FormFile> find_form_file(std::string_view body, std::string_view content_type, std::string_view field) {
    std::optional<FormFile> named;
    std::optional<FormFile> first;
    STOA_CHECK(for_each_part(body, content_type, [&](std::string_view text) -> Status {
        STOA_TRY(Part part, read_part(text));
        if (!part.head.file_name || is_no_file(part)) return {};
        std::optional<FormFile>& place = *part.head.name == field ? named : first;
        if (!place) place = FormFile{*std::move(part.head.file_name), part.content};
        return {};
    }));
    if (named) return *std::move(named);
    if (first) return *std::move(first);
    return invalid("The form holds no file in '" + std::string(field) + "'.", std::string(field));
}

}  // namespace stoa::json
