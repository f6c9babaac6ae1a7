// Who asks, for limits per client: the address of the connection, or what a trusted proxy says of
// it. IPv6 counts by /64, as one customer has at least that many addresses.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace pixgate::edge {

class ClientAddresses {
public:
    // Networks of proxies whose X-Forwarded-For is believed: "10.0.0.0/8", "::1", "192.0.2.7".
    //   errors  kInvalidArgument (the text as reason)
    static Result<ClientAddresses> with_trusted(const std::vector<std::string>& networks);
    ClientAddresses() = default;

    // "192.0.2.7" or "2001:db8:1:2::/64". The right-most address in X-Forwarded-For that is not a
    // trusted proxy's own, where the connection comes from one; what stands left of it anyone could
    // have written.
    std::string of(const http::Request& request) const;

private:
    using Address = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
    struct Network {
        Address address{};
        unsigned bits = 128;
    };
    static bool parse(std::string_view text, Address& out);
    bool is_trusted(const Address& address) const;

    std::vector<Network> trusted_;
};

}  // namespace pixgate::edge
