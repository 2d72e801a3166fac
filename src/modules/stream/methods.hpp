#pragma once
// The method tables of this module, one per file.

#include "api/method.hpp"
#include "modules/stream/post_files.hpp"

namespace stoa::stream {

std::vector<api::Method> post_methods(const KeepFile& keep);
std::vector<api::Method> post_list_methods();
std::vector<api::Method> comment_methods(const KeepFile& keep);
std::vector<api::Method> like_methods();
std::vector<api::Method> follow_methods();
std::vector<api::Method> counter_methods();

}  // namespace stoa::stream
