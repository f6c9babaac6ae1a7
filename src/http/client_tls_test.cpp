// https against a server of the test's own: certificates are made here, trusted through
// SSL_CERT_FILE.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "http/client.h"

namespace pixgate::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

struct KeyPair {
    std::string key_pem;
    std::string certificate_pem;
};

std::string read_all_of(BIO* bio) {
    char* data = nullptr;
    const auto n = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(n));
    BIO_free(bio);
    return text;
}

// A self-signed certificate for the DNS name.
KeyPair make_certificate(const std::string& name) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), static_cast<long>(name.size()));
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    auto* subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0
    );
    X509_set_issuer_name(cert, subject);
    auto* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(cert, key, EVP_sha256());
    BIO* key_bio = BIO_new(BIO_s_mem());
    BIO* cert_bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(key_bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_bio_X509(cert_bio, cert);
    KeyPair pair{read_all_of(key_bio), read_all_of(cert_bio)};
    X509_free(cert);
    EVP_PKEY_free(key);
    return pair;
}

// The certificates of this file. The client reads SSL_CERT_FILE once, so it is set before any test
// runs.
class Certificates : public testing::Environment {
public:
    void SetUp() override {
        trusted = make_certificate("localhost");
        other_name = make_certificate("other.example");
        unknown = make_certificate("localhost");
        path_ = std::filesystem::temp_directory_path() /
                ("pixgate_test_ca_" + std::to_string(::getpid()) + ".pem");
        std::ofstream(path_) << trusted.certificate_pem << other_name.certificate_pem;
        ::setenv("SSL_CERT_FILE", path_.c_str(), 1);
    }
    void TearDown() override { std::filesystem::remove(path_); }

    KeyPair trusted;
    KeyPair other_name;
    KeyPair unknown;

private:
    std::filesystem::path path_;
};

Certificates& certificates() {
    static auto* const kEnvironment = [] {
        auto* made = new Certificates;
        testing::AddGlobalTestEnvironment(made);  // owns it
        return made;
    }();
    return *kEnvironment;
}
[[maybe_unused]] const Certificates& at_start = certificates();

// Answers one connection.
class TlsServer {
public:
    explicit TlsServer(const KeyPair& pair)
        : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        context_.use_certificate(asio::buffer(pair.certificate_pem), asio::ssl::context::pem);
        context_.use_private_key(asio::buffer(pair.key_pem), asio::ssl::context::pem);
        thread_ = std::jthread([this] { serve(); });
    }
    std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/x";
    }

private:
    void serve() {
        boost::system::error_code ec;
        asio::ssl::stream<tcp::socket> stream(io_, context_);
        acceptor_.accept(stream.next_layer(), ec);
        stream.handshake(asio::ssl::stream_base::server, ec);
        if (ec) return;
        std::string request;
        asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", ec);
        const std::string name =
            SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(name.size()) + "\r\n\r\n" + name;
        asio::write(stream, asio::buffer(answer), ec);
    }

    asio::io_context io_;
    asio::ssl::context context_{asio::ssl::context::tls_server};
    tcp::acceptor acceptor_;
    std::jthread thread_;
};

Result<ClientResponse> run(const std::string& url) {
    return run_task(fetch({.url = url}));
}

TEST(ClientTls, ATrustedServerIsAskedByItsName) {
    const TlsServer server(certificates().trusted);
    const auto response = run(server.url("localhost"));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "localhost");
}

TEST(ClientTls, AnotherNameInTheCertificateIsRefused) {
    const TlsServer server(certificates().other_name);
    const auto response = run(server.url("localhost"));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::kUnavailable);
    EXPECT_NE(response.error().message.find("certificate"), std::string::npos)
        << response.error().message;
}

TEST(ClientTls, AnUnknownCertificateIsRefused) {
    const TlsServer server(certificates().unknown);
    const auto response = run(server.url("localhost"));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::kUnavailable);
}

}  // namespace
}  // namespace pixgate::http
