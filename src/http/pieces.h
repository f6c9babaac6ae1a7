// Texts as the pieces of a gathered write. For http/*.cpp only.
#pragma once

#include <sys/uio.h>

#include <string_view>

namespace pixgate::http {

inline iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace pixgate::http
