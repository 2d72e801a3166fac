#pragma once
// For the .cpp files of this folder that call libsodium.

namespace stoa {

/// Starts libsodium once; any thread, cheap afterwards. Ends the program when the kernel gives no randomness.
void sodium_ready();

}  // namespace stoa
