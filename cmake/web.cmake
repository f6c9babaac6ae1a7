# The web files inside the binary: npm installs the build tools, esbuild bundles, web/tools/embed.mjs writes web_assets.cpp.

find_program(NODE NAMES node nodejs)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
  message(FATAL_ERROR
    "The page and the SDK are built with Node.js 18 or newer and npm, which are missing here. "
    "Debian: apt-get install nodejs npm")
endif()

execute_process(COMMAND ${NODE} --version OUTPUT_VARIABLE node_version OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REGEX REPLACE "^v" "" node_version "${node_version}")
if(node_version VERSION_LESS 18)
  message(FATAL_ERROR "${NODE} is version ${node_version}: the page and the SDK are built with Node.js 18 or newer.")
endif()

set(web_dir ${CMAKE_SOURCE_DIR}/web)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web_dir}/sdk/src/*.ts ${web_dir}/demo/src/*.ts ${web_dir}/demo/src/*.css)
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/web_assets.cpp
  COMMAND ${NODE} tools/install.mjs
  COMMAND ${NODE} tools/build.mjs --out ${CMAKE_BINARY_DIR}/web
  COMMAND ${NODE} tools/embed.mjs ${CMAKE_BINARY_DIR}/web ${CMAKE_BINARY_DIR}/web_assets.cpp
  WORKING_DIRECTORY ${web_dir}
  DEPENDS ${web_sources} ${web_dir}/demo/index.html ${web_dir}/demo/transforms.html ${web_dir}/demo/favicon.svg ${web_dir}/package-lock.json
          ${web_dir}/tools/install.mjs ${web_dir}/tools/build.mjs ${web_dir}/tools/embed.mjs
  COMMENT "Building the page and the SDK"
  VERBATIM)

add_library(pixgate_web STATIC ${CMAKE_BINARY_DIR}/web_assets.cpp)
target_include_directories(pixgate_web PUBLIC ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(pixgate_web PRIVATE pixgate_warnings)
