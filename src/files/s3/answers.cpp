#include "files/s3/answers.hpp"

#include <charconv>
#include <optional>

#include "base/time_format.hpp"
#include "files/s3/xml_reader.hpp"

namespace stoa::files::s3 {
namespace {

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
    int value = 0;
    const char* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + digits, value);
    return error == std::errc{} && end == begin + digits && value >= 0 ? std::optional(value) : std::nullopt;
}

/// "2010-11-10T20:48:33.000Z"
std::optional<UnixSeconds> instant(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text.back() != 'Z')
        return std::nullopt;
    const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second || !is_valid_date(*year, *month, *day))
        return std::nullopt;
    return date_to_days(*year, *month, *day) * 86'400 + *hour * 3'600 + *minute * 60 + *second;
}

}  // namespace

Fault read_fault(std::string_view body) {
    const auto elements = read_xml(body);
    if (!elements) return {};
    return {text_of(*elements, "Error/Code"), text_of(*elements, "Error/Message"), text_of(*elements, "Error/Region")};
}

Result<std::string> read_upload_id(std::string_view body) {
    STOA_TRY(const auto elements, read_xml(body));
    std::string id = text_of(elements, "InitiateMultipartUploadResult/UploadId");
    if (id.empty()) return invalid("The S3 store gave no id for the upload.");
    return id;
}

Result<std::vector<Upload>> read_uploads(std::string_view body) {
    STOA_TRY(const auto elements, read_xml(body));
    std::vector<Upload> uploads;
    Upload next;
    bool dated = false;
    for (const auto& [path, text] : elements) {
        if (path == "ListMultipartUploadsResult/Upload/Key") next.key = text;
        if (path == "ListMultipartUploadsResult/Upload/UploadId") next.id = text;
        if (path == "ListMultipartUploadsResult/Upload/Initiated") {
            const auto at = instant(text);
            dated = at.has_value();
            next.initiated = at.value_or(0);
        }
        if (path != "ListMultipartUploadsResult/Upload") continue;
        if (dated && !next.id.empty()) uploads.push_back(next);
        next = {};
        dated = false;
    }
    return uploads;
}

}  // namespace stoa::files::s3
