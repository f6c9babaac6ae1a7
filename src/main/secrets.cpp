#include "main/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/encoding.h"
#include "base/fd.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

namespace pixgate {

namespace {

constexpr std::size_t kMaxSecretsBytes = 64 * 1024;

std::unexpected<Error> system_error(Errc code, const std::string& what) {
    return fail(code, what + ": " + std::strerror(errno));
}

std::string secrets_path(const std::string& data_dir) {
    return (std::filesystem::path(data_dir) / "secrets.json").string();
}

// Name in the file, field.
using Names = std::array<std::pair<std::string_view, std::string Secrets::*>, 8>;
constexpr Names kNames{{
    {"instance_id", &Secrets::instance_id},
    {"admin_key", &Secrets::admin_key},
    {"server_key", &Secrets::server_key},
    {"client_key", &Secrets::client_key},
    {"edge_key_id", &Secrets::edge_key_id},
    {"edge_key_secret", &Secrets::edge_key_secret},
    {"store_access_key", &Secrets::store_access_key},
    {"store_secret_key", &Secrets::store_secret_key},
}};

Result<Secrets> parse_secrets(std::string_view text) {
    Secrets out;
    JsonReader json(text);
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) break;
        std::string Secrets::* field = nullptr;
        for (const auto& [known, member] : kNames) {
            if (known == *name) field = member;
        }
        if (field == nullptr) return fail(Errc::kCorrupt, "unknown member " + *name);
        TRY(out.*field, json.string());
    }
    CHECK_OK(json.end());
    for (const auto& [name, member] : kNames) {
        if ((out.*member).empty()) return fail(Errc::kCorrupt, std::string(name) + " is missing");
    }
    return out;
}

std::string to_json(const Secrets& secrets) {
    JsonWriter json;
    json.begin_object();
    for (const auto& [name, member] : kNames) json.member(name, secrets.*member);
    json.end_object();
    return json.take() + "\n";
}

Secrets make_secrets(IdSource& ids) {
    std::array<std::byte, 10> access{};
    fill_random(access);
    Secrets out;
    out.instance_id = ids.uuid_v7();
    out.admin_key = make_api_key(Role::kAdmin);
    out.server_key = make_api_key(Role::kServer);
    out.client_key = make_api_key(Role::kClient);
    out.edge_key_id = "k1";
    out.edge_key_secret = random_token(32);
    // The shape of AWS's, which some S3 clients insist on: 20 upper-case characters and 40.
    std::string upper = hex_encode(access);
    for (char& c : upper) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    out.store_access_key = std::move(upper);
    out.store_secret_key = random_token(30);
    return out;
}

}  // namespace

std::string make_api_key(Role role) {
    return "pk_" + std::string(name_of(role)) + "_" + random_token(32);
}

Result<void> write_file_atomically(const std::string& path, std::string_view text, unsigned mode) {
    const std::string temporary = path + "." + random_token(6) + ".tmp";
    const UniqueFd fd(::open(
        temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode)
    ));
    if (!fd) return system_error(Errc::kUnavailable, "cannot write " + temporary);
    const auto give_up = [&] {
        auto error = system_error(Errc::kUnavailable, "cannot write " + path);
        ::unlink(temporary.c_str());
        return error;
    };
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t n = ::write(fd.get(), rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return give_up();
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(fd.get()) != 0) return give_up();
    if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up();
    const auto parent = std::filesystem::path(path).parent_path();
    const UniqueFd dir(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    );
    if (dir) ::fsync(dir.get());
    return {};
}

Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return system_error(
            errno == ENOENT ? Errc::kNotFound : Errc::kUnavailable, "cannot read " + path
        );
    }
    std::string out;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error(Errc::kUnavailable, "cannot read " + path);
        if (n == 0) return out;
        out.append(piece.data(), static_cast<std::size_t>(n));
        if (out.size() > limit) return fail(Errc::kTooLarge, path + " is too large");
    }
}

Result<Secrets> load_secrets(const std::string& data_dir) {
    const std::string path = secrets_path(data_dir);
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
        return fail(
            Errc::kPermissionDenied,
            path + " holds keys, but others may read it. Run: chmod 600 " + path
        );
    }
    TRY(const std::string text, read_small_file(path, kMaxSecretsBytes));
    auto secrets = parse_secrets(text);
    if (!secrets) {
        return fail(
            Errc::kCorrupt,
            path + " is damaged (" + secrets.error().message + "); restore or remove it"
        );
    }
    return secrets;
}

Result<Secrets> load_or_make_secrets(const std::string& data_dir, IdSource& ids) {
    auto found = load_secrets(data_dir);
    if (found || found.error().code != Errc::kNotFound) return found;
    std::error_code error;
    if (std::filesystem::create_directories(data_dir, error)) {
        std::filesystem::permissions(data_dir, std::filesystem::perms::owner_all, error);
    }
    if (error) return fail(Errc::kUnavailable, "cannot make " + data_dir + ": " + error.message());
    Secrets made = make_secrets(ids);
    CHECK_OK(write_file_atomically(secrets_path(data_dir), to_json(made), 0600));
    return made;
}

}  // namespace pixgate
