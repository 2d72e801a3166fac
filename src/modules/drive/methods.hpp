#pragma once
// The method tables of this module, one per file.

#include "api/method.hpp"

namespace stoa::drive {

std::vector<api::Method> storage_methods();
std::vector<api::Method> folder_methods();
std::vector<api::Method> file_methods();
std::vector<api::Method> upload_methods();
std::vector<api::Method> version_methods();
std::vector<api::Method> share_methods();
std::vector<api::Method> field_methods();

}  // namespace stoa::drive
