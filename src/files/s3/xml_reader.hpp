#pragma once
// The XML that S3 stores answer: elements and text. No DTD, no entities but the five of XML and numbers, so nothing can
// grow. Attributes and namespaces are skipped. Pure function, any thread; the fuzz target is xml_reader_fuzz.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace stoa::files::s3 {

struct XmlElement {
    std::string path;  ///< from the root, e.g. "Error/Code"
    std::string text;  ///< its own, without that of its children
};

/// All elements, each after its children. Errors: invalid_argument (not XML of this kind), too_large (16 levels, 20 000
/// elements).
Result<std::vector<XmlElement>> read_xml(std::string_view xml);

/// The text of the first element of that path; empty when there is none.
std::string text_of(const std::vector<XmlElement>& elements, std::string_view path);

}  // namespace stoa::files::s3
