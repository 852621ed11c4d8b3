#include <sys/sysmacros.h>

#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

using Subjects = std::vector<std::string>;

Json device(const std::string& path, const std::string& type, int major_number, int minor_number) {
  return {{"path", path}, {"type", type}, {"major", major_number}, {"minor", minor_number}};
}

Json rule(bool allow, const Json& type, const Json& major_number, const Json& minor_number,
          const std::string& access = "rwm") {
  return {{"allow", allow}, {"type", type}, {"major", major_number}, {"minor", minor_number}, {"access", access}};
}

const Json deny_all = {{"allow", false}, {"access", "rwm"}};

Spec spec_of(const Json& devices, const Json& rules) {
  return Spec(Json{{"linux", {{"devices", devices}, {"resources", {{"devices", rules}}}}}});
}

// A host with /dev/fuse, which the profile grants.
Facts host_with_fuse() {
  Facts facts;
  facts.paths["/dev/fuse"] = file_at("/dev/fuse", S_IFCHR | 0666);
  facts.paths["/dev/fuse"].node = gnu_dev_makedev(10, 229);
  return facts;
}

Policy grants(const std::string& name) {
  Policy policy;
  policy.profile.name = "strict";
  policy.profile.devices = {name};
  return policy;
}

struct Row {
  std::string says;
  Json device;
  bool fine;
};

}  // namespace

TEST_CASE("devices: those of every container, and those the profile names") {
  const Row rows[] = {
      {"/dev/null", device("/dev/null", "c", 1, 3), true},
      {"/dev/tty, unbuffered as its type may say", device("/dev/tty", "u", 5, 0), true},
      {"the profile's /dev/fuse", device("/dev/fuse", "c", 10, 229), true},
      {"a disk", device("/dev/sda", "b", 8, 0), false},
      {"a disk called /dev/fuse", device("/dev/fuse", "b", 8, 0), false},
      {"memory called /dev/null", device("/dev/null", "c", 1, 1), false},
      {"/dev/fuse under another name", device("/dev/harmless", "c", 10, 229), false},
      {"/dev/null under another name", device("/etc/passwd", "c", 1, 3), false},
      {"a path through dots", device("/dev/../dev/fuse", "c", 10, 229), false},
      {"a block device with the numbers of /dev/null", device("/dev/null", "b", 1, 3), false},
      {"a pseudo terminal", device("", "c", 136, -1), false},
      {"nothing but a name", {{"path", "/dev/fuse"}}, false},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    const Spec spec = spec_of(Json::array({row.device}), Json::array({deny_all}));
    const auto found = subjects(controls::devices, spec, grants("/dev/fuse"), host_with_fuse());
    CHECK(found == (row.fine ? Subjects{} : Subjects{row.device.value("path", "")}));
    CHECK(clamped(controls::devices, spec, grants("/dev/fuse"), host_with_fuse()).elements("/linux/devices").size() ==
          (row.fine ? 1 : 0));
  }
}

TEST_CASE("devices: a name in the profile counts only where the host has that device") {
  const Spec spec = spec_of(Json::array({device("/dev/fuse", "c", 10, 229)}), Json::array({deny_all}));
  CHECK(subjects(controls::devices, spec, grants("/dev/f*"), host_with_fuse()).empty());
  CHECK(subjects(controls::devices, spec, grants("/dev/fuse"), Facts{}) == Subjects{"/dev/fuse"});
  Facts file = host_with_fuse();
  file.paths["/dev/fuse"].mode = S_IFREG | 0644;
  CHECK(subjects(controls::devices, spec, grants("/dev/fuse"), file) == Subjects{"/dev/fuse"});
  CHECK(subjects(controls::devices, spec, Policy{}, host_with_fuse()) == Subjects{"/dev/fuse"});
}

TEST_CASE("devices: rules allow the devices of every container and no more") {
  struct Case {
    std::string says;
    Json rule;
    bool fine;
  };
  const Case cases[] = {
      {"/dev/null", rule(true, "c", 1, 3), true},
      {"all pseudo terminals", rule(true, "c", 136, -1), true},
      {"all pseudo terminals, the number left out",
       {{"allow", true}, {"type", "c"}, {"major", 136}, {"access", "rw"}},
       true},
      {"making nodes, which opens nothing", rule(true, "c", -1, -1, "m"), true},
      {"making block nodes", rule(true, "b", nullptr, nullptr, "m"), true},
      {"denying something", rule(false, "b", 8, 0), true},
      {"everything", {{"allow", true}, {"access", "rwm"}}, false},
      {"everything, said openly", rule(true, "a", -1, -1), false},
      {"everything, with nothing said at all", {{"allow", true}}, false},
      {"all character devices", rule(true, "c", -1, -1), false},
      {"memory, ports and the rest of major 1", rule(true, "c", 1, -1), false},
      {"all with that minor", rule(true, "c", -1, 3), false},
      {"a disk", rule(true, "b", 8, 0, "r"), false},
      {"a block device with the numbers of /dev/null", rule(true, "b", 1, 3), false},
      {"making and reading all nodes", rule(true, "c", -1, -1, "mr"), false},
      {"making one certain disk's node", rule(true, "b", 8, 0, "m"), false},
      {"all types with the numbers of /dev/null", rule(true, "a", 1, 3), false},
  };
  for (const Case& row : cases) {
    INFO(row.says);
    const Spec spec = spec_of(Json::array(), Json::array({deny_all, row.rule}));
    CHECK(subjects(controls::devices, spec, Policy{}, Facts{}).empty() == row.fine);
    CHECK(clamped(controls::devices, spec, Policy{}, Facts{}).elements("/linux/resources/devices").size() ==
          (row.fine ? 2 : 1));
  }
}

TEST_CASE("devices: the rules begin with deny all, whatever was there") {
  const Json null_rule = rule(true, "c", 1, 3);
  struct Case {
    std::string says;
    Json before;
    Json after;
  };
  const Json no_reading = {{"allow", false}, {"access", "r"}};
  const Json no_characters = rule(false, "c", -1, -1);
  const Json all = {{"allow", true}, {"access", "rwm"}};
  const Json in_other_words = rule(false, "a", -1, -1, "mrw");
  const auto list = [](std::initializer_list<Json> rules) { return Json(Json::array_t(rules)); };
  const Case cases[] = {
      {"no list", nullptr, list({deny_all})},
      {"an empty list", list({}), list({deny_all})},
      {"a list that only allows", list({null_rule}), list({deny_all, null_rule})},
      {"a denial of reading only", list({no_reading}), list({deny_all, no_reading})},
      {"a denial of one type only", list({no_characters}), list({deny_all, no_characters})},
      {"a denial that comes late", list({null_rule, deny_all}), list({deny_all, null_rule, deny_all})},
      {"--privileged", list({all}), list({deny_all})},
      {"a denial in other words", list({in_other_words}), list({in_other_words})},
  };
  for (const Case& row : cases) {
    INFO(row.says);
    const Spec spec(Json{{"linux", {{"resources", {{"devices", row.before}}}}}});
    CHECK(clamped(controls::devices, spec, Policy{}, Facts{}).document()["linux"]["resources"]["devices"] == row.after);
  }
  CHECK(
      clamped(controls::devices, Spec(Json::object()), Policy{}, Facts{}).elements("/linux/resources/devices").size() ==
      1);
}

TEST_CASE("devices: a device and its own rule answer to one name") {
  const Json rules = Json::array({deny_all, rule(true, "c", 10, 229), rule(true, "b", 8, -1)});
  const Spec spec = spec_of(Json::array({device("/dev/fuse", "c", 10, 229)}), rules);
  CHECK(subjects(controls::devices, spec, Policy{}, host_with_fuse()) ==
        Subjects{"/dev/fuse", "b 8:* rwm", "/dev/fuse"});
  CHECK(subjects(controls::devices, spec, grants("/dev/fuse"), host_with_fuse()) == Subjects{"b 8:* rwm"});
}

TEST_CASE("devices: Docker's own rules stay as they are; hostile and privileged ones are cut down to them") {
  const Spec plain = read_spec("docker-default.json");
  CHECK(findings(controls::devices, plain, Policy{}, Facts{}).empty());
  const Spec hostile = read_spec("docker-hostile.json");
  CHECK(subjects(controls::devices, hostile, Policy{}, Facts{}) == Subjects{"/dev/fuse", "c 1:* rwm", "/dev/fuse"});
  const Spec after = clamped(controls::devices, hostile, Policy{}, Facts{});
  CHECK(after.elements("/linux/resources/devices") == plain.elements("/linux/resources/devices"));
  const Spec privileged = clamped(controls::devices, read_spec("docker-privileged.json"), Policy{}, Facts{});
  CHECK(privileged.elements("/linux/resources/devices") == Json::array({deny_all}));
  for (const Json& left : privileged.elements("/linux/devices")) CHECK(left.value("major", 0) != 8);
}

TEST_CASE("devices: an update may repeat what every container has, and brings no more") {
  Facts facts;
  facts.operation = host::Operation::update;
  const Spec bad(Json::parse(R"({"linux":{"resources":{"devices":[{"allow":true,"access":"rwm"}]}}})"));
  const auto found = findings(controls::devices, bad, Policy{}, facts);
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found.front().clampable);
  for (const char* rule :
       {R"({"allow":false,"access":"rwm"})", R"({"allow":true,"type":"c","major":1,"minor":3,"access":"rwm"})",
        R"({"allow":true,"type":"c","access":"m"})"}) {
    INFO(rule);
    const std::string harmless = std::string(R"({"linux":{"resources":{"devices":[)") + rule + "]}}}";
    CHECK(findings(controls::devices, Spec(Json::parse(harmless)), Policy{}, facts).empty());
  }
  const Spec one_disk(Json::parse(
      R"({"linux":{"resources":{"devices":[{"allow":false},{"allow":true,"type":"b","major":8,"minor":0,"access":"r"}]}}})"));
  CHECK(findings(controls::devices, one_disk, Policy{}, facts).size() == 1);
  CHECK(findings(controls::devices, Spec(Json{{"linux", {{"resources", {{"pids", {{"limit", 5}}}}}}}}), Policy{}, facts)
            .empty());
}
