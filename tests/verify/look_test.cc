#include "verify/look.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "catch.h"
#include "temporary.h"

using namespace hardened;

namespace {

// A container whose first process is this one: nothing of ours is enforced on it.
state::Grant own_grant(const std::string& root) {
  const std::string directory = root + "/me";
  REQUIRE(::mkdir(directory.c_str(), 0700) == 0);
  std::ofstream(directory + "/state.json") << R"({"init_process_pid":)" << ::getpid() << "}";
  REQUIRE(::chmod((directory + "/state.json").c_str(), 0600) == 0);
  state::Grant grant;
  grant.runtime_root = root;
  grant.id = "me";
  grant.process = Json::object();
  grant.resources = Json::object();
  grant.profile = Json::object();
  return grant;
}

}  // namespace

TEST_CASE("look: what is weaker at every look is told, after as many as were asked for") {
  const testing::TemporaryDirectory directory;
  const auto found = verify::look(own_grant(directory.path()), {2, std::chrono::milliseconds(1)});
  REQUIRE(found);
  REQUIRE(found->has_value());
  const auto& weaknesses = **found;
  CHECK(std::any_of(weaknesses.begin(), weaknesses.end(),
                    [](const verify::Weakness& weakness) { return weakness.control == "host-namespaces"; }));
}

TEST_CASE("look: a container whose runtime keeps no record of it does not run") {
  const testing::TemporaryDirectory directory;
  state::Grant grant;
  grant.runtime_root = directory.path();
  grant.id = "nobody";
  const auto found = verify::look(grant, {1, std::chrono::milliseconds(1)});
  REQUIRE(found);
  CHECK_FALSE(found->has_value());
}
