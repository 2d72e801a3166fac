#include "app/probe/versions.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace stoa::app::probe {

std::int64_t Versions::next() {
    assert(!in_doubt());
    return ++tried_;
}

std::string Versions::read(std::int64_t version) {
    std::string complaint = complaint_about(version, acknowledged_, tried_);
    if (complaint.empty() && version < seen_) {
        complaint = "version " + std::to_string(version) + " is older than " + std::to_string(seen_) +
                    ", which was read before";
    }
    if (complaint.empty()) seen_ = version;
    return complaint;
}

Age age_of(std::int64_t version, std::int64_t least, std::int64_t newest) {
    if (version < 1 || version > newest) return Age::never_written;
    return version < least ? Age::older : Age::right;
}

std::string complaint_about(std::int64_t version, std::int64_t least, std::int64_t newest) {
    switch (age_of(version, least, newest)) {
        case Age::right:
            return {};
        case Age::older:
            return "version " + std::to_string(version) + " is older than " + std::to_string(least) +
                   ", which was acknowledged";
        case Age::never_written:
            break;
    }
    return "version " + std::to_string(version) + " was never written, the newest is " + std::to_string(newest);
}

std::int64_t version_in(std::string_view text) {
    std::int64_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    return error == std::errc() && end == text.data() + text.size() ? std::max<std::int64_t>(version, 0) : 0;
}

}  // namespace stoa::app::probe
