#include <cerrno>
#include <regex>

#include "catch.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/paths.h"
#include "util/result.h"
#include "util/version.h"

using namespace hardened;

namespace {

Result<int> halved(int number) {
  if (number % 2 != 0) return fail(Code::usage, "cannot halve " + std::to_string(number), "use an even number");
  return number / 2;
}

Result<int> quartered(int number) {
  TRY(half, halved(number));
  TRY_DO(halved(half));
  TRY(quarter, halved(half));
  return quarter;
}

}  // namespace

TEST_CASE("result: TRY unwraps values and passes the first error on as it is") {
  CHECK(quartered(8).value() == 2);
  for (const int number : {7, 6}) {
    const auto result = quartered(number);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Code::usage);
    CHECK(result.error().message == "cannot halve " + std::to_string(number == 7 ? 7 : 3));
    CHECK(result.error().hint == "use an even number");
  }
}

TEST_CASE("result: a system error is named by its symbol, in words no engine maps to an exit status") {
  const Error missing = fail_errno("cannot open X", ENOENT).value();
  CHECK(missing.message == "cannot open X (ENOENT)");
  CHECK(missing.code == Code::io);
  CHECK(fail_errno("cannot open X", EACCES).value().message == "cannot open X (EACCES)");
  CHECK(fail_errno("cannot open X", 99999).value().message == "cannot open X (99999)");
  CHECK(Error{Code::io, "cannot open X", "hint"}.because("cannot load Y").message == "cannot load Y: cannot open X");
}

TEST_CASE("hash: SHA-256 as in FIPS 180-4") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(sha256_hex(std::string("a\0b", 3)) != sha256_hex("a"));
}

TEST_CASE("clock: RFC 3339 in UTC, and the date is its beginning") {
  const std::string day = utc_today();
  const std::string now = utc_now();
  CHECK(std::regex_match(now, std::regex(R"(20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d\.\d{3}Z)")));
  CHECK(day <= now);
  CHECK(day.size() == 10);
}

TEST_CASE("paths and version: absolute, and filled in by the build") {
  for (const char* path : {paths::policy_file, paths::site_profiles, paths::state, paths::audit_log, paths::program}) {
    INFO(path);
    CHECK(path[0] == '/');
    CHECK(std::string(path).find('@') == std::string::npos);
  }
  CHECK(std::regex_match(version, std::regex(R"(\d+\.\d+\.\d+)")));
}
