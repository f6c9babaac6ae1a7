# Programs that measure one thing in one process (bench/*.cpp). Not part of a build unless asked for: `--target bench`.

add_custom_target(bench)
file(GLOB bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.cpp)
foreach(source ${bench_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE pixgate_main)
  add_dependencies(bench ${name})
endforeach()
