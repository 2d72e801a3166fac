#pragma once
// How numbers are printed, for the .cpp files of this folder. Pure functions, any thread.

#include <cstdint>
#include <string>

namespace stoa::json {

void append_integer(std::string& out, std::int64_t v);
/// Shortest form that reads back the same: 1000, 0.1, -2.5. Only beyond 1e21 or below 1e-20 with an exponent, which
/// then has a small "e". Not a number and infinities, which JSON lacks, print as null.
void append_real(std::string& out, double v);

}  // namespace stoa::json
