# stoa_embed(TARGET crm NAMESPACE stoa::crm::data FILES entities/deal.json …)
# compiles files into the target and declares them in "<target>_data.hpp" as
# `std::span<const stoa::base::EmbeddedFile> embedded_files();`, so the binary needs no data folder beside it.
function(stoa_embed)
  cmake_parse_arguments(E "" "TARGET;NAMESPACE" "FILES" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${E_TARGET}_data.cpp)
  set(hdr ${CMAKE_CURRENT_BINARY_DIR}/${E_TARGET}_data.hpp)
  set(paths)
  foreach(file IN LISTS E_FILES)
    list(APPEND paths ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()
  string(REPLACE ";" "|" joined "${E_FILES}")
  add_custom_command(OUTPUT ${out} ${hdr}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DHDR=${hdr} -DNS=${E_NAMESPACE} -DROOT=${CMAKE_CURRENT_SOURCE_DIR}
            "-DFILES=${joined}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_files_run.cmake
    DEPENDS ${paths} ${CMAKE_SOURCE_DIR}/cmake/embed_files_run.cmake VERBATIM)
  target_sources(stoa_${E_TARGET} PRIVATE ${out} ${hdr})
  target_include_directories(stoa_${E_TARGET} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
