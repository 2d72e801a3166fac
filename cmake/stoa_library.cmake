# One folder = one static library = one call:
#   stoa_library(NAME json SRCS a.cpp TESTS a_test.cpp DEPS base PRIVATE_DEPS Boost::json FUZZ a_fuzz.cpp
#                BENCH a_bench.cpp)
# DEPS are other folders (or libraries whose types our headers name); PRIVATE_DEPS cannot leak into headers.
# TESTS become one GoogleTest binary, FUZZ one libFuzzer binary per file (seeds in <file>_seeds/), BENCH one Google
# Benchmark binary per file; the targets `fuzzers` and `benches` build all of those, `all` does not.

find_package(Threads REQUIRED)
if(STOA_TESTS)
  find_package(GTest REQUIRED)
endif()
if(STOA_BENCH)
  find_package(benchmark QUIET)  # only `make bench` needs it
endif()
add_custom_target(fuzzers)
add_custom_target(benches)

function(stoa_library)
  cmake_parse_arguments(L "" "NAME" "SRCS;TESTS;DEPS;PRIVATE_DEPS;TEST_DEPS;FUZZ;BENCH" ${ARGN})
  set(target stoa_${L_NAME})
  set(deps)
  foreach(dep IN LISTS L_DEPS)
    if(dep MATCHES "::")
      list(APPEND deps ${dep})
    else()
      list(APPEND deps stoa_${dep})
    endif()
  endforeach()
  if(L_SRCS)
    add_library(${target} STATIC ${L_SRCS})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${target} PUBLIC ${deps} Threads::Threads PRIVATE ${L_PRIVATE_DEPS})
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${target} INTERFACE ${deps})
  endif()

  if(STOA_TESTS AND L_TESTS)
    add_executable(${L_NAME}_test ${L_TESTS})
    target_link_libraries(${L_NAME}_test PRIVATE ${target} ${L_TEST_DEPS} ${L_PRIVATE_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
    # One ctest entry per binary: discovery would run every binary at build time.
    add_test(NAME ${L_NAME} COMMAND ${L_NAME}_test --gtest_brief=1)
    set_tests_properties(${L_NAME} PROPERTIES TIMEOUT 300)
  endif()

  if(STOA_FUZZ)
    foreach(file IN LISTS L_FUZZ)
      get_filename_component(name ${file} NAME_WE)
      add_executable(${name} EXCLUDE_FROM_ALL ${file})
      target_link_libraries(${name} PRIVATE ${target} ${L_PRIVATE_DEPS} -fsanitize=fuzzer)
      add_dependencies(fuzzers ${name})
    endforeach()
  endif()

  if(STOA_BENCH AND benchmark_FOUND)
    foreach(file IN LISTS L_BENCH)
      get_filename_component(name ${file} NAME_WE)
      add_executable(${name} EXCLUDE_FROM_ALL ${file})
      target_link_libraries(${name} PRIVATE ${target} ${L_PRIVATE_DEPS} benchmark::benchmark benchmark::benchmark_main)
      add_dependencies(benches ${name})
    endforeach()
  endif()
endfunction()
