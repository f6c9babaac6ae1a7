// What the first start makes at random and keeps: DATA_DIR/secrets.json, readable by its owner
// only. The command line reads it too, so that `pixgate images` works beside a running server.
#pragma once

#include <string>

#include "base/ids.h"
#include "main/config.h"

namespace pixgate {

// Reads the file, or makes it where there is none (and the directory, mode 0700).
//   errors  kPermissionDenied (others may read it), kCorrupt (not our JSON), kUnavailable (disk)
Result<Secrets> load_or_make_secrets(const std::string& data_dir, IdSource& ids);
Result<Secrets> load_secrets(const std::string& data_dir);  // kNotFound where there is none

// "pk_server_" and 32 random bytes.
std::string make_api_key(Role role);

// Written next to the file and renamed onto it: a reader sees all of it or nothing.
Result<void> write_file_atomically(const std::string& path, std::string_view text, unsigned mode);
Result<std::string> read_small_file(const std::string& path, std::size_t limit);

}  // namespace pixgate
