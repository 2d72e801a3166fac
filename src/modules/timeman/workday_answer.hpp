#pragma once
// How a workday looks in the answers of timeman.open, close, pause and status. Pure functions.

#include <optional>

#include "json/writer.hpp"
#include "model/record.hpp"
#include "modules/timeman/workday.hpp"
#include "modules/timeman/worktime.hpp"

namespace stoa::timeman {

Workday to_workday(const model::Record& record);

/// `record` null: the user has not worked a day yet.
void write_workday(json::Writer& out, const model::Record* record, const Person& person, UnixSeconds now);
void write_settings(json::Writer& out, const Person& person, bool is_admin);

}  // namespace stoa::timeman
