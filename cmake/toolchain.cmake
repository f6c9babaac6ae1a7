# Compiler cache, linker, warnings, sanitizers.

find_program(CCACHE ccache)
if(CCACHE)
  # base_dir makes the cache serve every checkout on a machine.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  find_program(LLD NAMES ld.lld-19 ld.lld)
  if(LLD)
    add_link_options(--ld-path=${LLD})
  endif()
endif()

# Dev builds carry line tables only: quick to compile and link, stack traces still name file and line.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -gline-tables-only")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -gline-tables-only")
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()

add_library(pixgate_warnings INTERFACE)
target_compile_options(pixgate_warnings INTERFACE -Wall -Wextra -Wconversion -Werror)

if(PIXGATE_SANITIZE)
  add_compile_options(-fsanitize=${PIXGATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PIXGATE_SANITIZE})
  add_compile_definitions(PIXGATE_SANITIZED=1)
endif()
if(PIXGATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(PIXGATE_FAILPOINTS)
  add_compile_definitions(PIXGATE_FAILPOINTS=1)
endif()
