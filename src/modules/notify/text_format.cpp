#include "modules/notify/text_format.hpp"

#include <vector>

#include "base/html.hpp"
#include "base/utf8.hpp"

namespace stoa::notify {

namespace {

void append_text(std::string& out, char c) {
    if (c == '\n') {
        out += "<br />";
    } else {
        append_html(out, c);
    }
}

bool is_style(std::string_view name) {
    return name == "b" || name == "i" || name == "u" || name == "s";
}

/// Addresses of other kinds could run a script.
bool is_web_address(std::string_view url) {
    const std::string lower = to_lower_ascii(url.substr(0, 8));
    return lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with('/');
}

class Converter {
  public:
    explicit Converter(std::string_view text) : text_(text), lower_(to_lower_ascii(text)) {}

    std::string run() {
        while (position_ < text_.size()) {
            if (text_[position_] == '[' && take_code()) continue;
            append_text(out_, text_[position_++]);
        }
        while (!open_.empty())
            close();
        return std::move(out_);
    }

  private:
    /// A code at the position that can be shown as an element; nothing is taken otherwise.
    bool take_code() {
        const std::size_t end = text_.find(']', position_);
        if (end == std::string_view::npos) return false;
        const std::string_view code = std::string_view(lower_).substr(position_ + 1, end - position_ - 1);
        if (code.starts_with('/')) {
            if (open_.empty() || open_.back() != code.substr(1)) return false;
            close();
        } else if (is_style(code)) {
            if (!is_closed_later(code, end)) return false;
            out_ += "<" + std::string(code) + ">";
            open_.emplace_back(code);
        } else if (code.starts_with("url=")) {
            const std::string_view url = text_.substr(position_ + 5, end - position_ - 5);
            if (!is_web_address(url) || !is_closed_later("url", end)) return false;
            out_ += "<a href=\"" + to_html(url) + "\" target=\"_blank\" rel=\"noopener\">";
            open_.emplace_back("url");
        } else {
            return false;
        }
        position_ = end + 1;
        return true;
    }

    bool is_closed_later(std::string_view name, std::size_t from) const {
        return lower_.find("[/" + std::string(name) + "]", from) != std::string::npos;
    }

    void close() {
        out_ += open_.back() == "url" ? "</a>" : "</" + open_.back() + ">";
        open_.pop_back();
    }

    std::string_view text_;
    std::string lower_;
    std::string out_;
    std::vector<std::string> open_;
    std::size_t position_ = 0;
};

}  // namespace

std::string to_html(std::string_view text) {
    return Converter(text).run();
}

}  // namespace stoa::notify
