// Who asks, and what he may do. Made by roles/api/authenticate from an API key or a JWT.
#pragma once

#include <cstdint>
#include <string>

namespace pixgate {

enum class Role : std::uint8_t {
    kClient,  // acts for one owner: uploads, sees and deletes his own pictures
    kServer,  // an application's backend: acts for all owners
    kAdmin,   // all that, and dead letters and metrics
};
std::string_view name_of(Role role);

struct Caller {
    Role role = Role::kClient;
    std::string id;     // key id or "jwt:" + subject; for rate limits, quotas and logs
    std::string owner;  // whose pictures a client acts on; for server and admin the default owner
    bool may_upload = true;
    bool may_read = true;
    bool may_delete = true;
    bool may_sign =
        false;  // a client: links to any transform of his pictures, not only to free ones

    bool acts_for_all() const { return role != Role::kClient; }
    bool signs_all() const { return acts_for_all() || may_sign; }
    bool may_see(const std::string& image_owner) const {
        return acts_for_all() || owner == image_owner;
    }
};

inline std::string_view name_of(Role role) {
    switch (role) {
        case Role::kClient:
            return "client";
        case Role::kServer:
            return "server";
        case Role::kAdmin:
            return "admin";
    }
    return "client";
}

}  // namespace pixgate
