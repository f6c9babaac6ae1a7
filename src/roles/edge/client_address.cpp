#include "roles/edge/client_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/encoding.h"

namespace pixgate::edge {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

template <class Address>
bool is_v4(const Address& address) {
    return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

// "192.0.2.7:80", "[::1]:80" and both without port.
std::string_view without_port(std::string_view text) {
    if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
    const auto colon = text.find(':');
    const bool is_only_one = colon != text.npos && text.find(':', colon + 1) == text.npos;
    return is_only_one ? text.substr(0, colon) : text;
}

}  // namespace

bool ClientAddresses::parse(std::string_view text, Address& out) {
    const std::string host(without_port(text));
    if (in_addr v4{}; ::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
        std::copy(kMapped.begin(), kMapped.end(), out.begin());
        std::memcpy(out.data() + kMapped.size(), &v4, sizeof v4);
        return true;
    }
    return ::inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

Result<ClientAddresses> ClientAddresses::with_trusted(const std::vector<std::string>& networks) {
    ClientAddresses out;
    for (const auto& text : networks) {
        const auto wrong = fail(Errc::kInvalidArgument, text + " is no network", text);
        const auto slash = text.find('/');
        Network network;
        if (!parse(text.substr(0, slash), network.address)) return wrong;
        if (slash != text.npos) {
            const char* const end = text.data() + text.size();
            const auto [stop, ec] = std::from_chars(text.data() + slash + 1, end, network.bits);
            const unsigned max_bits = is_v4(network.address) ? 32 : 128;
            if (ec != std::errc{} || stop != end || network.bits > max_bits) return wrong;
            if (is_v4(network.address)) network.bits += kMappedBits;
        }
        out.trusted_.push_back(network);
    }
    return out;
}

bool ClientAddresses::is_trusted(const Address& address) const {
    return std::ranges::any_of(trusted_, [&](const Network& network) {
        const unsigned bytes = network.bits / 8;
        const unsigned rest = network.bits % 8;
        if (!std::equal(address.begin(), address.begin() + bytes, network.address.begin()))
            return false;
        const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
        return rest == 0 || ((address[bytes] ^ network.address[bytes]) & mask) == 0;
    });
}

std::string ClientAddresses::of(const http::Request& request) const {
    Address address{};
    if (!parse(request.peer, address)) return "unknown";
    std::string hops;
    if (!trusted_.empty() && is_trusted(address)) {
        for (const auto& field : request.fields) {
            if (!equal_ignoring_case(field.name, "x-forwarded-for")) continue;
            hops += ',';
            hops += field.value;
        }
    }
    std::string_view left = hops;
    while (!left.empty() && is_trusted(address)) {
        const auto comma = left.rfind(',');
        Address hop{};
        if (!parse(trim(left.substr(comma + 1)), hop)) break;
        address = hop;
        left = left.substr(0, comma);
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4(address)) {
        ::inet_ntop(AF_INET, address.data() + kMapped.size(), text.data(), text.size());
        return text.data();
    }
    std::fill(address.begin() + 8, address.end(), std::uint8_t{0});
    ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
    return std::string(text.data()) + "/64";
}

}  // namespace pixgate::edge
