#include "verify/scorecard.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "controls/engine.h"
#include "controls/registry.h"

using namespace hardened;
using verify::Mark;
using verify::Score;
using verify::Weakness;

namespace {

state::Grant granted() {
  state::Grant grant;
  grant.process = Json::object();
  grant.profile = {{"name", "strict"}, {"rootfs", "read-only"}};
  grant.ids = {1000000, 1000000, 65536};
  grant.approved = true;
  return grant;
}

Score of(const std::string& item, const state::Grant& grant, const std::vector<Weakness>& weaknesses = {}) {
  const auto scores = verify::scorecard(grant, weaknesses);
  const auto found = std::find_if(scores.begin(), scores.end(), [&](const Score& score) { return score.item == item; });
  REQUIRE(found != scores.end());
  return *found;
}

}  // namespace

TEST_CASE("scorecard: the Top 10 and section 5 whole, each item once and with a title") {
  std::set<std::string> items;
  for (const Score& score : verify::scorecard(granted(), {})) {
    CHECK(items.insert(std::string(score.document) + " " + std::string(score.item)).second);
    CHECK_FALSE(score.title.empty());
    CHECK_FALSE(score.why.empty());
    CHECK((score.mark == Mark::outside) == score.controls.empty());
  }
  for (int number = 1; number <= 10; ++number)
    CHECK(items.contains("OWASP Docker Top 10 D" + std::string(number < 10 ? "0" : "") + std::to_string(number)));
  for (int number = 1; number <= 32; ++number) CHECK(items.contains("CIS Docker 1.6.0 5." + std::to_string(number)));
  CHECK(items.size() == 42);
}

TEST_CASE("scorecard: whatever a control refers to in these documents is an item") {
  std::set<std::string> items;
  for (const Score& score : verify::scorecard(granted(), {}))
    items.insert(std::string(score.document) + " " + std::string(score.item));
  for (const controls::Control* control : controls::registry()) {
    for (const controls::Reference& reference : control->references) {
      const bool ours = reference.document == "OWASP Docker Top 10" ||
                        (reference.document == "CIS Docker 1.6.0" && reference.item.starts_with("5."));
      INFO(control->id << " " << reference.item);
      if (ours) CHECK(items.contains(std::string(reference.document) + " " + std::string(reference.item)));
    }
  }
}

TEST_CASE("scorecard: a healthy container passes, by whose account is told") {
  CHECK(of("5.26", granted()).mark == Mark::pass);
  CHECK(of("5.26", granted()).why == "by the kernel's account");
  CHECK(of("5.32", granted()).why == "enforced at create");
  CHECK(of("D04", granted()).why == "by the kernel's account, and enforced at create");
  CHECK(of("5.18", granted()).why == "enforced at create");  // cgroup version 2 does not tell
  CHECK(of("5.9", granted()).mark == Mark::outside);
  for (const Score& score : verify::scorecard(granted(), {})) CHECK(score.mark != Mark::weaker);
}

TEST_CASE("scorecard: what the kernel enforces less of comes before everything else") {
  state::Grant grant = granted();
  grant.levels["capabilities"] = policy::Level::warn;
  const std::vector<Weakness> weaknesses = {{"seccomp", "no seccomp filter is in force"}};
  CHECK(of("5.22", grant, weaknesses).mark == Mark::weaker);
  CHECK(of("5.22", grant, weaknesses).why == "seccomp: no seccomp filter is in force");
  CHECK(of("D04", grant, weaknesses).mark == Mark::weaker);
  CHECK(of("5.4", grant, weaknesses).mark == Mark::allowed);
}

TEST_CASE("scorecard: what the policy, the profile or the host takes away is told, and no pass") {
  struct Row {
    const char* item;
    void (*change)(state::Grant&);
    Mark mark;
    const char* why;
  };
  const Row rows[] = {
      {"5.29", [](state::Grant& grant) { grant.levels["pids"] = policy::Level::off; }, Mark::allowed, "pids is off"},
      {"5.29", [](state::Grant& grant) { grant.levels["pids"] = policy::Level::warn; }, Mark::allowed,
       "pids only warns"},
      {"5.29", [](state::Grant& grant) { grant.levels["pids"] = policy::Level::clamp; }, Mark::pass, "by the kernel"},
      {"D06", [](state::Grant&) {}, Mark::allowed, "secret-env only warns"},
      {"D06", [](state::Grant& grant) { grant.levels["secret-env"] = policy::Level::enforce; }, Mark::pass,
       "at create"},
      {"5.32",
       [](state::Grant& grant) {
         grant.waivers = {{"engine-sockets", {"/run/docker.sock"}, "reads labels"}};
       },
       Mark::allowed, "engine-sockets is waived: reads labels"},
      {"5.31", [](state::Grant& grant) { grant.ids = {}; }, Mark::allowed, "it has the host's users"},
      {"D01", [](state::Grant& grant) { grant.ids = {}; }, Mark::allowed, "it has the host's users"},
      {"5.13", [](state::Grant& grant) { grant.profile["rootfs"] = "persistent"; }, Mark::allowed,
       "keeps what is written"},
      {"5.13", [](state::Grant& grant) { grant.profile["rootfs"] = "ephemeral"; }, Mark::allowed, "until it ends"},
      {"5.10", [](state::Grant& grant) { grant.profile["namespaces"] = {"network"}; }, Mark::allowed,
       "namespaces with"},
      {"5.18", [](state::Grant& grant) { grant.profile["devices"] = {"/dev/fuse"}; }, Mark::allowed,
       "devices of the host"},
      {"D08", [](state::Grant& grant) { grant.approved = false; }, Mark::allowed, "lists no approved images"},
      {"5.26", [](state::Grant& grant) { grant.mode = policy::Mode::audit; }, Mark::allowed, "nothing is enforced"},
      {"5.2", [](state::Grant&) {}, Mark::absent, "no AppArmor"},
      {"5.2", [](state::Grant& grant) { grant.process["apparmorProfile"] = "docker-default"; }, Mark::pass,
       "by the kernel"},
      {"5.3", [](state::Grant& grant) { grant.process["selinuxLabel"] = "l"; }, Mark::pass, "by the kernel"},
  };
  for (const Row& row : rows) {
    state::Grant grant = granted();
    row.change(grant);
    const Score score = of(row.item, grant);
    INFO(row.item << ": " << score.why);
    CHECK(score.mark == row.mark);
    CHECK(score.why.find(row.why) != std::string::npos);
  }
}
