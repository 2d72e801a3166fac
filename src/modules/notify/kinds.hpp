#pragma once
// Which kinds of notifications there are, by module (kinds.json): what users can switch on and off. A kind that is not
// listed can be sent all the same. Read once, immutable, any thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::notify {

struct Kind {
    std::string event;
    std::map<std::string, std::string> name;  ///< by language; en is always there
    bool mail = false;                        ///< also by mail, unless the user says otherwise
};

struct KindGroup {
    std::string module;
    std::map<std::string, std::string> name;
    std::vector<Kind> kinds;
};

const std::vector<KindGroup>& kind_groups();
const Kind* find_kind(std::string_view module, std::string_view event);
/// In the language, else in English.
std::string_view name_in(const std::map<std::string, std::string>& names, std::string_view language);

}  // namespace stoa::notify
