#include "ctl/export.h"

#include "catch.h"

using namespace hardened;

namespace {

Json record() {
  return Json::parse(R"({"time":"2026-03-01T12:00:00.123Z","host":"web 1","container":"3f2a","image":"a=b\\c",
    "profile":"strict","operation":"create","verdict":"refused","message":"no|pe\nreally",
    "findings":[{"control":"pids","outcome":"enforced"},{"control":"engine|sockets","outcome":"refused"}]})");
}

}  // namespace

TEST_CASE("export: CEF escapes bars in its header, equals signs in its extension, and line ends") {
  CHECK(ctl::exported(record(), "cef") ==
        R"(CEF:0|hardened|hardened-runtime|0.1.0|engine\|sockets|container create refused|6|)"
        R"(rt=2026-03-01T12:00:00.123Z dvchost=web 1 act=refused cs1Label=container cs1=3f2a cs2Label=image )"
        R"(cs2=a\=b\\c cs3Label=profile cs3=strict msg=no|pe\nreally)");
}

TEST_CASE("export: an RFC 5424 header has no blanks but those between its fields") {
  const std::string line = ctl::exported(record(), "syslog");
  CHECK(line.starts_with("<84>1 2026-03-01T12:00:00.123Z web1 hardened - refused - @cee:{"));
  CHECK(Json::parse(line.substr(line.find("@cee:") + 5)) == record());
}

TEST_CASE("export: a record without anything is still one line") {
  for (const char* format : {"json", "syslog", "cef"}) {
    const std::string line = ctl::exported(Json::object(), format);
    CHECK(line.find('\n') == std::string::npos);
    CHECK_FALSE(line.empty());
  }
}

TEST_CASE("export: findings that are none are passed over") {
  Json odd = record();
  odd["findings"] = Json::array({1, "x", Json::object(), Json::array()});
  CHECK(ctl::exported(odd, "cef").find("|refused|container create refused|") != std::string::npos);
  odd["findings"] = "none";
  CHECK(ctl::exported(odd, "cef").find("|refused|") != std::string::npos);
}
