#include "ctl/explanation.h"

#include "catch.h"

using namespace hardened;

namespace {

Json finding(const char* control, const char* outcome, const char* pointer, const char* reason) {
  return {{"control", control}, {"outcome", outcome}, {"pointer", pointer}, {"reason", reason}};
}

Json record(std::initializer_list<Json> findings) {
  return {{"container", "3f2a"},  {"engine", "docker"},        {"image", "web:1"},     {"profile", "strict"},
          {"policy", "12ab"},     {"operation", "create"},     {"verdict", "allowed"}, {"mode", "enforce"},
          {"time", "2026-03-01"}, {"findings", Json(findings)}};
}

std::string all(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("explanation: each control once, with why and the reference; the others by name") {
  Json removed = finding("capabilities", "enforced", "/process/capabilities/bounding/CAP_CHOWN", "not the profile's");
  removed["before"] = "CAP_CHOWN";
  const Json document =
      ctl::explanation(record({removed, finding("pids", "warned", "/linux/resources/pids/limit", "none"), removed}));
  REQUIRE(document["controls"].size() == 2);
  const Json& first = document["controls"][0];
  CHECK(first["id"] == "capabilities");
  CHECK(first["title"] == "Processes have the profile's capabilities only");
  CHECK(first["references"][2] == "CIS Docker 1.6.0 5.4");
  CHECK(first["findings"].size() == 2);
  CHECK_FALSE(first["findings"][0].contains("control"));
  const auto quiet = document["unchanged"].get<std::vector<std::string>>();
  CHECK(std::find(quiet.begin(), quiet.end(), "seccomp") != quiet.end());
  CHECK(std::find(quiet.begin(), quiet.end(), "pids") == quiet.end());
}

TEST_CASE("explanation: told to people, with places of one reason together") {
  std::vector<Json> findings;
  for (const char* name : {"A", "B", "C", "D", "E", "F"}) {
    Json one = finding("capabilities", "enforced", "/x", "not the profile's");
    one["pointer"] = std::string("/process/capabilities/bounding/CAP_") + name;
    one["before"] = std::string("CAP_") + name;
    findings.push_back(std::move(one));
  }
  Json document = record({});
  document["findings"] = findings;
  const std::string text = all(ctl::told(ctl::explanation(document)));
  CHECK(has(text, "image       web:1\n"));
  CHECK(has(text, "verdict     allowed\n"));
  CHECK(has(text, "capabilities: Processes have the profile's capabilities only\n  why         A capability opens"));
  CHECK(has(text, "  enforced    not the profile's\n"));
  CHECK(has(text, "/process/capabilities/bounding/CAP_A: removed \"CAP_A\"\n"));
  CHECK(has(text, "and 2 more"));
  CHECK_FALSE(has(text, "CAP_E"));
}

TEST_CASE("explanation: what became of a value") {
  Json changed = finding("pids", "clamped", "/a", "too many");
  changed["before"] = 5000;
  changed["after"] = 4096;
  Json added = finding("memory", "enforced", "/b", "none");
  added["after"] = {{"limit", 1}};
  Json refused = finding("devices", "refused", "/c", "a disk");
  refused["before"] = "/dev/sda";
  Json waived = finding("seccomp", "waived", "/d", "wide");
  waived["waiver"] = "ticket 7";
  Json measured = finding("unknown-here", "enforced", "/e", "long");
  measured["before"] = {{"sha256", std::string(64, 'a')}, {"bytes", 9000}};
  const Json document = ctl::explanation(record({changed, added, refused, waived, measured}));
  const std::string text = all(ctl::told(document));
  CHECK(has(text, "/a: 5000 → 4096"));
  CHECK(has(text, "/b: added {\"limit\":1}"));
  CHECK(has(text, "refused     a disk"));
  CHECK(has(text, "/c: \"/dev/sda\""));
  CHECK(has(text, "waiver: ticket 7"));
  CHECK(has(text, "unknown-here\n"));
  CHECK(has(text, "/e: removed (9000 bytes)"));
  const std::string diff = all(ctl::changes(document));
  CHECK(has(diff, "@@ /a (pids)\n-5000\n+4096\n"));
  CHECK(has(diff, "@@ /b (memory)\n+{\n+  \"limit\": 1\n+}\n"));
  CHECK(has(diff, "-(9000 bytes, SHA-256 aaaa"));
  CHECK_FALSE(has(diff, "/c"));  // nothing was changed there
  CHECK_FALSE(has(diff, "/d"));
}

TEST_CASE("explanation: a hostile record cannot repaint the terminal, and one without anything is told") {
  Json hostile = record({finding("p\x1b[2J", "warned", "/x\n\x1b[1A", "r\xe2\x80\xaex")});
  hostile["image"] = "i\x1b]0;t\x07";
  const std::string text = all(ctl::told(ctl::explanation(hostile)));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  CHECK(has(text, "/x??[1A"));
  CHECK_FALSE(ctl::told(ctl::explanation(Json::object())).empty());
  Json odd = Json::object();
  odd["findings"] = Json::array({1, Json::array(), Json::object()});
  CHECK_FALSE(ctl::told(ctl::explanation(odd)).empty());
}

TEST_CASE("explanation: environments are told by name, wherever they stand") {
  const Json spec = {{"process", {{"env", {"PASSWORD=secret", "odd", "A=b=c"}}, {"args", {"A=b"}}}},
                     {"hooks", {{"prestart", {{{"path", "/x"}, {"env", {"TOKEN=secret"}}}}}}}};
  const Json hidden = ctl::without_secrets(spec);
  CHECK(hidden.dump().find("secret") == std::string::npos);
  CHECK(hidden["process"]["env"] == Json({"PASSWORD=…", "odd", "A=…"}));
  CHECK(hidden["process"]["args"] == spec["process"]["args"]);
}

TEST_CASE("explanation: a long value is cut, and never inside a character") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "ü€";
  for (std::size_t shift = 0; shift < 5; ++shift) {
    Json finding_of_it = finding("pids", "enforced", "/a", "long");
    finding_of_it["before"] = std::string(shift, 'x') + text;
    const std::string lines = all(ctl::told(ctl::explanation(record({finding_of_it}))));
    CHECK(has(lines, "…"));
    CHECK_NOTHROW(Json(lines).dump());  // strict about UTF-8
  }
}
