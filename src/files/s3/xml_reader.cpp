#include "files/s3/xml_reader.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace stoa::files::s3 {
namespace {

constexpr std::size_t kLevelsMax = 16;
constexpr std::size_t kElementsMax = 20'000;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::string_view kSpace = " \t\r\n";

Error malformed(const char* what) {
    return invalid(std::string("The answer is not the XML of an S3 store: ") + what + ".");
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

/// "lt", "#38", "#x26" → what it stands for.
bool append_entity(std::string& out, std::string_view name) {
    constexpr std::pair<std::string_view, char> kNamed[] = {
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [known, c] : kNamed) {
        if (name == known) return out += c, true;
    }
    if (!name.starts_with('#')) return false;
    name.remove_prefix(1);
    const bool hex = name.starts_with('x');
    if (hex) name.remove_prefix(1);
    std::uint32_t c = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), c, hex ? 16 : 10);
    const bool is_character = c > 0 && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    if (error != std::errc{} || end != name.data() + name.size() || !is_character) return false;
    append_utf8(out, c);
    return true;
}

class Reader {
  public:
    explicit Reader(std::string_view xml) : rest_(xml) {}

    Result<std::vector<XmlElement>> run() {
        while (!rest_.empty()) {
            if (rest_.front() != '<') {
                STOA_CHECK(text());
            } else {
                STOA_CHECK(markup());
            }
        }
        if (!open_.empty()) return malformed("it ends early");
        if (elements_.empty()) return malformed("it has no element");
        return std::move(elements_);
    }

  private:
    struct Open {
        std::size_t path_bytes;  ///< of the parent's path
        std::string text;
    };

    Status text() {
        const std::string_view raw = rest_.substr(0, rest_.find('<'));
        rest_.remove_prefix(raw.size());
        if (open_.empty()) {
            return raw.find_first_not_of(kSpace) == raw.npos ? Status() : malformed("text outside the root");
        }
        std::string& out = open_.back().text;
        for (std::size_t at = 0; at < raw.size();) {
            const std::size_t and_sign = std::min(raw.find('&', at), raw.size());
            out += raw.substr(at, and_sign - at);
            if (and_sign == raw.size()) break;
            const std::size_t end = raw.find(';', and_sign);
            if (end == raw.npos || !append_entity(out, raw.substr(and_sign + 1, end - and_sign - 1))) {
                return malformed("an unknown entity");
            }
            at = end + 1;
        }
        return {};
    }

    Status markup() {
        if (rest_.starts_with("<?")) return skip("?>");
        if (rest_.starts_with("<!--")) return skip("-->");
        if (rest_.starts_with("<![CDATA[")) return cdata();
        if (rest_.starts_with("<!")) return malformed("a document type");
        if (rest_.starts_with("</")) return end_tag();
        return start_tag();
    }

    Status skip(std::string_view until) {
        const std::size_t end = rest_.find(until, 2);
        if (end == rest_.npos) return malformed("it ends early");
        rest_.remove_prefix(end + until.size());
        return {};
    }

    Status cdata() {
        constexpr std::size_t kBegin = std::string_view("<![CDATA[").size();
        const std::size_t end = rest_.find("]]>", kBegin);
        if (end == rest_.npos || open_.empty()) return malformed("a CDATA section out of place");
        open_.back().text += rest_.substr(kBegin, end - kBegin);
        rest_.remove_prefix(end + 3);
        return {};
    }

    /// Without its namespace's prefix; empty when it is none.
    std::string_view name() {
        const std::size_t end = std::min(rest_.find_first_of(" \t\r\n/>=<\"'&"), rest_.size());
        std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(end);
        if (const std::size_t colon = found.rfind(':'); colon != found.npos) found.remove_prefix(colon + 1);
        return found.size() > kNameBytesMax ? std::string_view() : found;
    }

    void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size())); }

    Status attributes() {
        skip_space();
        while (!rest_.empty() && rest_.front() != '>' && rest_.front() != '/') {
            if (name().empty()) return malformed("an attribute without a name");
            skip_space();
            if (!rest_.starts_with('=')) return malformed("an attribute without a value");
            rest_.remove_prefix(1);
            skip_space();
            if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) {
                return malformed("an attribute without quotes");
            }
            const std::size_t end = rest_.find(rest_.front(), 1);
            if (end == rest_.npos) return malformed("it ends early");
            rest_.remove_prefix(end + 1);
            skip_space();
        }
        return {};
    }

    Status start_tag() {
        rest_.remove_prefix(1);
        const std::string_view tag = name();
        if (tag.empty()) return malformed("an element without a name");
        if (open_.empty() && !elements_.empty()) return malformed("a second root");
        if (open_.size() >= kLevelsMax || elements_.size() + open_.size() >= kElementsMax) {
            return Error{Errc::too_large, "The answer of the S3 store has too many elements."};
        }
        open_.push_back({path_.size(), {}});
        if (!path_.empty()) path_ += '/';
        path_ += tag;
        STOA_CHECK(attributes());
        const bool empty = rest_.starts_with("/>");
        if (!empty && !rest_.starts_with('>')) return malformed("a tag that does not end");
        rest_.remove_prefix(empty ? 2 : 1);
        if (empty) close();
        return {};
    }

    Status end_tag() {
        rest_.remove_prefix(2);
        const std::string_view tag = name();
        skip_space();
        const bool matches = !open_.empty() && !tag.empty() && rest_.starts_with('>') &&
                             std::string_view(path_).substr(path_.rfind('/') + 1) == tag;
        if (!matches) return malformed("an end tag without its start");
        rest_.remove_prefix(1);
        close();
        return {};
    }

    void close() {
        elements_.push_back({path_, std::move(open_.back().text)});
        path_.resize(open_.back().path_bytes);
        open_.pop_back();
    }

    std::string_view rest_;
    std::string path_;
    std::vector<Open> open_;
    std::vector<XmlElement> elements_;
};

}  // namespace

Result<std::vector<XmlElement>> read_xml(std::string_view xml) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (xml.starts_with(kByteOrderMark)) xml.remove_prefix(kByteOrderMark.size());
    return Reader(xml).run();
}

std::string text_of(const std::vector<XmlElement>& elements, std::string_view path) {
    for (const XmlElement& element : elements) {
        if (element.path == path) return element.text;
    }
    return "";
}

}  // namespace stoa::files::s3
