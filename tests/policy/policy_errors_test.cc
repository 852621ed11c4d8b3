#include "catch.h"
#include "policy/site.h"

// Each row: a policy file, and exactly what the administrator reads.

namespace {

struct Row {
  const char* text;
  const char* message;
};

void check(const Row& row) {
  site::Site site;
  site.write("policy.json", row.text);
  INFO(row.text);
  CHECK(site.error() == row.message);
}

}  // namespace

TEST_CASE("policy: a file that is no policy is refused with its line") {
  const Row rows[] = {
      {"",
       "policy.json:1: cannot read: syntax error while parsing value - unexpected end of input; expected '[', '{', or "
       "a literal"},
      {"[]", "policy.json:1: cannot use an array as the whole file: an object is needed"},
      {"{}", "policy.json:1: cannot use a policy without \"version\": 1"},
      {"{\"version\": 1,\n \"version\": 1}", "policy.json:2: cannot read: the member \"version\" appears twice"},
      {"{\"version\": 2}", "policy.json:1: cannot use 2 as \"version\": this program knows version 1 only"},
      {"{\"version\": \"1\"}", "policy.json:1: cannot use \"1\" as \"version\": this program knows version 1 only"},
      {"{\"version\": 1,\n\n \"modes\": \"audit\"}",
       "policy.json:3: cannot use the unknown member \"modes\" (did you mean \"mode\"?)"},
      {"{\"version\": 1, \"Mode\": \"audit\"}",
       "policy.json:1: cannot use the unknown member \"Mode\" (did you mean \"mode\"?)"},
      {"{\"version\": 1, \"user_namespace\": \"private\"}",
       "policy.json:1: cannot use the unknown member \"user_namespace\""},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("policy: a value that means nothing is refused with its line and the likely spelling") {
  const Row rows[] = {
      {"{\"version\": 1,\n\"mode\": \"enforced\"}",
       "policy.json:2: cannot use \"enforced\" as \"mode\": it is one of enforce, audit (did you mean \"enforce\"?)"},
      {"{\"version\": 1, \"mode\": null}", "policy.json:1: cannot use null as \"mode\": text is needed"},
      {"{\"version\": 1, \"runtimes\": []}", "policy.json:1: cannot use an array as \"runtimes\": it is empty"},
      {"{\"version\": 1, \"runtimes\": [\"/usr/bin/runc\",\n\"runc\"]}",
       "policy.json:2: cannot use \"runc\" in \"runtimes\": an absolute path without //, . and .. is needed"},
      {"{\"version\": 1, \"runtimes\": [\"/usr/bin/../bin/runc\"]}",
       "policy.json:1: cannot use \"/usr/bin/../bin/runc\" in \"runtimes\": an absolute path without //, . and .. is "
       "needed"},
      {"{\"version\": 1, \"default_profile\": \"strikt\"}",
       "policy.json:1: cannot use \"strikt\" as \"default_profile\": no such profile (did you mean \"strict\"?)"},
      {"{\"version\": 1, \"build_profile\": \"bild\"}",
       "policy.json:1: cannot use \"bild\" as \"build_profile\": no such profile (did you mean \"build\"?)"},
      {"{\"version\": 1, \"default_profile\": \"../profiles.d/x\"}",
       "policy.json:1: cannot use \"../profiles.d/x\" as \"default_profile\": no such profile"},
      {"{\"version\": 1, \"controls\": {\"secret-env\": \"warn\",\n\"secret-envs\": \"warn\"}}",
       "policy.json:2: cannot set the level of \"secret-envs\": no such control (did you mean \"secret-env\"?)"},
      {"{\"version\": 1, \"controls\": {\"secret-env\": \"ignore\"}}",
       "policy.json:1: cannot use \"ignore\" as \"secret-env\": it is one of enforce, clamp, warn, off"},
      {"{\"version\": 1, \"controls\": [\"secret-env\"]}",
       "policy.json:1: cannot use an array as \"controls\": an object is needed"},
      {"{\"version\": 1, \"images\": [\"\"]}", "policy.json:1: cannot use \"\" in \"images\": it is empty"},
      {"{\"version\": 1, \"audit\": {\"when_unwritable\": \"refused\"}}",
       "policy.json:1: cannot use \"refused\" as \"when_unwritable\": it is one of refuse, continue (did you mean "
       "\"refuse\"?)"},
      {"{\"version\": 1, \"audit\": {\"also\": [\"journald\"]}}",
       "policy.json:1: cannot use \"journald\" in \"also\": it is one of syslog"},
      {"{\"version\": 1, \"audit\": {\"path\": \"/tmp/x\"}}", "policy.json:1: cannot use the unknown member \"path\""},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("policy: a select row says one thing") {
  const std::string start = "{\"version\": 1, \"select\": [\n";
  const Row rows[] = {
      {"{\"profile\": \"strict\"}",
       "cannot use this row: it needs exactly one of \"image\", \"program\", \"annotation\" and \"label\""},
      {"{\"image\": \"a\", \"label\": \"b\", \"profile\": \"strict\"}",
       "cannot use this row: it needs exactly one of \"image\", \"program\", \"annotation\" and \"label\""},
      {"{\"image\": \"a\"}", "cannot use this row: with \"image\" or \"program\" goes \"profile\""},
      {"{\"program\": \"a\", \"profile\": \"strict\", \"allow\": [\"strict\"]}",
       "cannot use this row: with \"image\" or \"program\" goes \"profile\""},
      {"{\"annotation\": \"a\", \"profile\": \"strict\"}",
       "cannot use this row: with \"annotation\" or \"label\" goes \"allow\", the profiles the value may name"},
      {"{\"label\": \"a\", \"allow\": [\"strict\"], \"profile\": \"strict\"}",
       "cannot use this row: with \"annotation\" or \"label\" goes \"allow\", the profiles the value may name"},
      {"{\"label\": \"a\", \"allow\": []}", "cannot use an array as \"allow\": it is empty"},
      {"{\"image\": \"a\", \"profile\": \"kompat\"}",
       "cannot use \"kompat\" as \"profile\": no such profile (did you mean \"compat\"?)"},
      {"\"strict\"", "cannot use \"strict\" in \"select\": an object is needed"},
  };
  for (const Row& row : rows) {
    const std::string text = start + row.text + "]}";
    const std::string message = std::string("policy.json:2: ") + row.message;
    check({text.c_str(), message.c_str()});
  }
}

TEST_CASE("policy: a waiver names its control, its values and its reason") {
  const std::string start = "{\"version\": 1, \"waivers\": [\n";
  const Row rows[] = {
      {"{\"control\": \"capabilities\", \"allow\": [\"*\"]}", "cannot use a waiver without \"reason\""},
      {"{\"control\": \"capabilities\", \"reason\": \"x\"}", "cannot use a waiver without \"allow\""},
      {"{\"allow\": [\"*\"], \"reason\": \"x\"}", "cannot use a waiver without \"control\""},
      {"{\"control\": \"capabilities\", \"allow\": [\"*\"], \"reason\": \"\"}",
       "cannot use \"\" as \"reason\": it is empty"},
      {"{\"control\": \"capability\", \"allow\": [\"*\"], \"reason\": \"x\"}",
       "cannot use \"capability\" as \"control\": no such control (did you mean \"capabilities\"?)"},
      {"{\"control\": \"capabilities\", \"allow\": [], \"reason\": \"x\"}",
       "cannot use an array as \"allow\": it is empty"},
      {"{\"control\": \"capabilities\", \"allow\": [\"*\"], \"reason\": \"x\", \"until\": \"2027-02-30\"}",
       "cannot use \"2027-02-30\" as \"until\": a date is needed, such as \"2027-03-01\""},
      {"{\"control\": \"capabilities\", \"allow\": [\"*\"], \"reason\": \"x\", \"until\": \"tomorrow\"}",
       "cannot use \"tomorrow\" as \"until\": a date is needed, such as \"2027-03-01\""},
      {"{\"control\": \"capabilities\", \"allow\": [\"*\"], \"reason\": \"x\", \"until\": \"2026-02-28\"}",
       "cannot use the waiver for capabilities: it ended on 2026-02-28"},
  };
  for (const Row& row : rows) {
    const std::string text = start + row.text + "]}";
    const std::string message = std::string("policy.json:2: ") + row.message;
    check({text.c_str(), message.c_str()});
  }
}

TEST_CASE("policy: an unknown member's hint lists the known ones") {
  site::Site site;
  site.write("policy.json", R"({"version": 1, "audit": {"sink": 1}})");
  const auto loaded = site.load();
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == hardened::Code::policy);
  CHECK(loaded.error().hint == "the members here are when_unwritable, also");
}
