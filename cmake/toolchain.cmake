# Compiler cache, linker and warnings: everything that is the same for all targets.

option(STOA_TESTS "build the unit tests" ON)
option(STOA_BENCH "build the benchmarks" OFF)
option(STOA_FUZZ "build the libFuzzer targets (clang only)" OFF)
set(STOA_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")

find_program(STOA_CCACHE ccache)
if(STOA_CCACHE)
  # base_dir makes paths relative, so that a clean clone in another folder hits the same cache entries.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${STOA_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

find_program(STOA_MOLD mold)
if(STOA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these falsely inside std::string at -O2.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overread -Wno-stringop-overflow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety)
endif()

if(STOA_SANITIZE)
  add_compile_options(-fsanitize=${STOA_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STOA_SANITIZE})
endif()
if(STOA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
