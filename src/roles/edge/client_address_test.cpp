#include "roles/edge/client_address.h"

#include <gtest/gtest.h>

namespace pixgate::edge {
namespace {

std::string client(
    const std::vector<std::string>& trusted,
    const std::string& peer,
    const std::vector<std::string>& forwarded = {}
) {
    http::Request request;
    request.peer = peer;
    for (const auto& value : forwarded) request.fields.add("X-Forwarded-For", value);
    return ClientAddresses::with_trusted(trusted)->of(request);
}

TEST(ClientAddresses, WithoutATrustedProxyTheConnectionCounts) {
    EXPECT_EQ(client({}, "192.0.2.7:51234", {"198.51.100.1"}), "192.0.2.7");
    EXPECT_EQ(client({"10.0.0.0/8"}, "192.0.2.7:51234", {"198.51.100.1"}), "192.0.2.7");
    EXPECT_EQ(client({}, "[::ffff:192.0.2.7]:1"), "192.0.2.7");
    EXPECT_EQ(client({}, ""), "unknown");
}

TEST(ClientAddresses, ACustomerOfIpv6IsASlash64) {
    EXPECT_EQ(client({}, "[2001:db8:1:2:3:4:5:6]:80"), "2001:db8:1:2::/64");
    EXPECT_EQ(client({}, "[2001:db8:1:2::9]:80"), "2001:db8:1:2::/64");
    EXPECT_EQ(client({}, "[2001:db8:1:3::9]:80"), "2001:db8:1:3::/64");
}

TEST(ClientAddresses, TheRightMostAddressThatIsNoProxysIsBelieved) {
    const std::vector<std::string> trusted{"10.0.0.0/8", "192.0.2.7"};
    EXPECT_EQ(client(trusted, "10.1.2.3:1", {"198.51.100.1"}), "198.51.100.1");
    EXPECT_EQ(client(trusted, "10.1.2.3:1", {"1.1.1.1, 198.51.100.1, 10.9.9.9"}), "198.51.100.1");
    EXPECT_EQ(client(trusted, "10.1.2.3:1", {"1.1.1.1", "198.51.100.1"}), "198.51.100.1");
    EXPECT_EQ(client(trusted, "192.0.2.7:1", {"2001:db8::1"}), "2001:db8::/64");
    EXPECT_EQ(client(trusted, "10.1.2.3:1", {"not an address"}), "10.1.2.3");
    EXPECT_EQ(client(trusted, "10.1.2.3:1"), "10.1.2.3");
}

TEST(ClientAddresses, ANetworkIsReadStrictly) {
    for (const char* bad : {"", "10.0.0.0/33", "10.0.0.0/", "::/129", "example.com", "10.0.0/8"}) {
        EXPECT_FALSE(ClientAddresses::with_trusted({bad})) << bad;
    }
    EXPECT_TRUE(ClientAddresses::with_trusted({"10.0.0.0/8", "::1", "2001:db8::/32"}));
}

}  // namespace
}  // namespace pixgate::edge
