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
        R"(rt=1772366400123 dvchost=web 1 act=refused cs1Label=container cs1=3f2a cs2Label=image )"
        R"(cs2=a\=b\\c cs3Label=profile cs3=strict msg=no|pe\nreally)");
}

TEST_CASE("export: an RFC 5424 header has no blanks but those between its fields") {
  const std::string line = ctl::exported(record(), "syslog");
  CHECK(line.starts_with("<84>1 2026-03-01T12:00:00.123Z web1 hardened - refused - @cee:{"));
  CHECK(Json::parse(line.substr(line.find("@cee:") + 5)) == record());
}

TEST_CASE("export: CEF has times in milliseconds, and none where the record's is none") {
  Json odd = record();
  const auto time = [&odd](const char* text) {
    odd["time"] = text;
    const std::string line = ctl::exported(odd, "cef");
    const std::size_t at = line.find("rt=");
    return at == std::string::npos ? "" : line.substr(at + 3, line.find(' ', at) - at - 3);
  };
  CHECK(time("1970-01-02T00:00:00.007Z") == "86400007");
  CHECK(time("2026-03-01T12:00:00Z") == "1772366400000");
  CHECK(time("yesterday").empty());
  CHECK(time("").empty());
}

TEST_CASE("export: nothing of a record can repaint a terminal, whatever the format") {
  Json odd = record();
  for (const char* member : {"image", "message", "host", "verdict", "container"})
    odd[member] = "\x1b[2J\x7f\xc2\x9b\xe2\x80\xae" + std::string(300, 'x');
  for (const char* format : {"json", "syslog", "cef"}) {
    const std::string line = ctl::exported(odd, format);
    INFO(line);
    for (const char* bad : {"\x1b", "\x7f", "\xc2\x9b", "\xe2\x80\xae"}) CHECK(line.find(bad) == std::string::npos);
  }
  const std::string syslog = ctl::exported(odd, "syslog");
  CHECK(syslog.find(" hardened - [2J" + std::string(29, 'x') + " - @cee:") != std::string::npos);  // 32, and no more
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
