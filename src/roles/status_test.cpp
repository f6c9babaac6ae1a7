#include "roles/status.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

std::string body_of(const http::Response& response) {
    return std::get<std::string>(response.body);
}

TEST(ProblemResponse, NamesTheFieldOfARequestThatIsWrong) {
    const Error error{Errc::kTooLarge, "at most 25 bytes", "size_bytes"};
    const auto response = problem_response(error, "r1", 400);
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(response.get("Content-Type"), "application/problem+json");
    EXPECT_EQ(
        body_of(response),
        R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"at most 25 bytes","code":"too_large","field":"size_bytes","request_id":"r1"})"
    );
}

TEST(ProblemResponse, TellsNothingOfTheInside) {
    for (const Errc code :
         {Errc::kInternal, Errc::kUnavailable, Errc::kNoSpace, Errc::kReadOnly, Errc::kNotFound,
          Errc::kUnauthenticated, Errc::kCrashed, Errc::kDeadlineExceeded}) {
        const Error error{code, "SELECT * FROM /var/lib/secret", ""};
        EXPECT_EQ(body_of(problem_response(error, "r")).find("SELECT"), std::string::npos)
            << name_of(code);
    }
    const Error inner{Errc::kInternal, "x", "sqlite_corrupt"};
    EXPECT_NE(
        body_of(problem_response(inner, "r")).find(R"("code":"internal")"), std::string::npos
    );
}

TEST(ProblemResponse, OverloadOfTheServerIs503AndOfTheCaller429) {
    const auto server = problem_response(Error{Errc::kOverloaded, "busy", ""}, "r");
    EXPECT_EQ(server.status, 503U);
    EXPECT_EQ(server.get("Retry-After"), "1");
    const auto caller = problem_response(Error{Errc::kOverloaded, "too many", "open_uploads"}, "r");
    EXPECT_EQ(caller.status, 429U);
    EXPECT_EQ(caller.get("Retry-After"), "1");
    EXPECT_NE(body_of(caller).find(R"("code":"open_uploads")"), std::string::npos);
}

TEST(ProblemResponse, UnauthenticatedAsksForABearer) {
    const auto response = problem_response(Error{Errc::kUnauthenticated, "x", ""}, "r");
    EXPECT_EQ(response.status, 401U);
    EXPECT_EQ(response.get("WWW-Authenticate"), "Bearer");
}

}  // namespace
}  // namespace pixgate
