// Whatever a store answers, reading it ends, stays within its limits and gives paths that nest.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "files/s3/answers.hpp"
#include "files/s3/xml_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view xml(reinterpret_cast<const char*>(data), size);
    const auto elements = stoa::files::s3::read_xml(xml);
    if (elements.ok()) {
        const std::string& root = elements->back().path;
        if (root.find('/') != root.npos) std::abort();
        for (const auto& element : *elements) {
            if (element.path.compare(0, root.size(), root) != 0) std::abort();
        }
    }
    (void)stoa::files::s3::read_fault(xml);
    (void)stoa::files::s3::read_upload_id(xml);
    (void)stoa::files::s3::read_uploads(xml);
    return 0;
}
