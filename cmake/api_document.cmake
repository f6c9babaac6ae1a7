# docs/api/openapi.yaml inside the binary, which serves it at /openapi.yaml.

set(api_document ${CMAKE_SOURCE_DIR}/docs/api/openapi.yaml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${api_document})
file(READ ${api_document} api_document_text)
# Bracketed text of C++ has no escapes to care for; compilers take long literals, but not at any length.
string(LENGTH "${api_document_text}" api_document_length)
if(api_document_length GREATER 200000)
  message(FATAL_ERROR "docs/api/openapi.yaml is too long for a literal")
endif()
set(api_document_code "// Made from docs/api/openapi.yaml.
#include \"roles/api/api.h\"

namespace pixgate::roles {
std::string_view openapi_yaml() {
    return R\"--yaml--(${api_document_text})--yaml--\";
}
}  // namespace pixgate::roles
")
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/openapi_yaml.cpp CONTENT "${api_document_code}")
target_sources(pixgate_roles PRIVATE ${CMAKE_BINARY_DIR}/openapi_yaml.cpp)
