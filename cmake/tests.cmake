# One binary for the unit tests beside the code and for the port conformance suites.

find_package(GTest REQUIRED)
file(GLOB_RECURSE unit_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*_test.cpp)
file(GLOB_RECURSE suite_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/conformance/*_test.cpp
  ${CMAKE_SOURCE_DIR}/tests/support/*.cpp)
add_executable(pixgate_tests ${unit_tests} ${suite_tests})
target_include_directories(pixgate_tests PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
target_link_libraries(pixgate_tests PRIVATE pixgate_main GTest::gtest GTest::gmock pixgate_warnings)
# The path of this checkout stands in one generated file, so that the compiler cache serves all others.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/source_dir.cpp CONTENT
"#include \"tests/support/source_dir.h\"\nnamespace pixgate {\nstd::string source_dir() { return \"@CMAKE_SOURCE_DIR@\"; }\n}\n" @ONLY)
target_sources(pixgate_tests PRIVATE ${CMAKE_BINARY_DIR}/source_dir.cpp)
add_test(NAME unit COMMAND pixgate_tests)

if(PIXGATE_FUZZ)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cpp)
  foreach(source ${fuzz_sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE pixgate_main pixgate_warnings)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  endforeach()
endif()
