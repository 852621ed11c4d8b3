#include "runtime/early.h"

#include "catch.h"
#include "runtime/command_line.h"
#include "state/key.h"
#include "util/paths.h"

using namespace hardened;
using testing::CommandLine;

namespace {

std::string link_of(const std::string& line) {
  const CommandLine call(line);
  char link[runtime::longest_link];
  const bool found =
      runtime::find_runtime_link(static_cast<int>(call.argv.size()), call.argv.data(), paths::state, link);
  return found ? link : "";
}

}  // namespace

TEST_CASE("early: the calls engines make lead to the link of the container's runtime") {
  const std::string link = state::grant_directory(paths::state, "/run/docker/runtime-runc/moby", "0af1") + "/runtime";
  const std::string root = "--root /run/docker/runtime-runc/moby ";
  for (const char* call : {"start 0af1", "state 0af1", "kill 0af1 15", "kill --all 0af1 9", "kill -a 0af1 KILL",
                           "delete 0af1", "delete --force 0af1", "delete -f 0af1", "pause 0af1", "resume 0af1"}) {
    INFO(call);
    CHECK(link_of(root + call) == link);
    CHECK(link_of(root + "--log /l/log.json --log-format json " + call) == link);
    CHECK(link_of("--log=create --systemd-cgroup -debug --root=/run/docker/runtime-runc/moby " + std::string(call)) ==
          link);
    CHECK(link_of("--root /other " + root + call) == link);
  }
}

TEST_CASE("early: the version is that of the runtime last used") {
  CHECK(link_of("--version") == std::string(paths::state) + "/runtime");
}

TEST_CASE("early: whatever is unusual goes the long way") {
  for (const char* line : {
           // The five verbs, and words that only look like others.
           "--root /r create c",
           "--root /r run c",
           "--root /r exec c true",
           "--root /r update c",
           "--root /r restore c",
           "--root /r kil c",
           "--root /r kills c",
           "--root /r ps c",
           "--root /r list",
           "--root /r -- kill c",
           // No root, no id, a value that is missing.
           "kill c",
           "--root",
           "--root /r",
           "--root /r kill",
           "--root /r kill --all",
           "--root kill c",
           "--root= kill c",
           "",
           // Flags that are not known here.
           "--root /r --help kill c",
           "--root /r --version kill c",
           "--unknown --root /r kill c",
           "--root /r kill --help c",
           "--root /r --debug=false kill c",
           "--root /r kill --all=false c",
           "---root /r kill c",
           "- kill c",
           "--root /r kill -- c",
           // Keys that have to be hashed.
           "--root r kill c",
           "--root /r=r kill c",
           "--root /r kill a@b",
           "--root /r kill a/b",
       }) {
    INFO(line);
    CHECK(link_of(line).empty());
  }
  CHECK(link_of("--root /" + std::string(500, 'r') + " kill c").empty());
  CHECK(link_of("--root /r kill " + std::string(500, 'c')).empty());
}
