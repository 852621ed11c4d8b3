#include "runtime/handover.h"

#include <unistd.h>

#include <filesystem>

#include "catch.h"
#include "processes.h"
#include "runtime/command_line.h"
#include "temporary.h"

using namespace hardened;
using namespace hardened::runtime;
using hardened::testing::TemporaryDirectory;
using hardened::testing::write_text;

namespace {

// The first usable of the usual runtimes with this name; empty where none is installed.
std::string installed(const std::string& name) {
  for (const char* path : usual_runtimes()) {
    if (std::string(path).ends_with("/" + name) && is_usable_runtime(path)) return path;
  }
  return {};
}

}  // namespace

TEST_CASE("handover: without our state, a container's runtime is told by the record it keeps") {
  const TemporaryDirectory root;
  const auto keep = [&root](const std::string& id, const std::string& record) {
    std::filesystem::create_directory(root.path(id));
    write_text(root.path(id + "/" + record), "{}");
  };
  keep("one", "state.json");
  keep("two", "status");
  keep("three", "events.json");
  CHECK(recorded_runtime(root.path(), "one") == installed("runc"));
  CHECK(recorded_runtime(root.path(), "two") == installed("crun"));
  CHECK(recorded_runtime(root.path(), "three").empty());
  CHECK(recorded_runtime(root.path(), "four").empty());
  CHECK(recorded_runtime("", "no-such-container-" + std::to_string(::getpid())).empty());
}

TEST_CASE("handover: a runtime that cannot be run is an error that names it") {
  const TemporaryDirectory directory;
  const std::string file = directory.path("runc");
  const testing::CommandLine command("create --bundle b ID");
  const std::vector<std::string> arguments(command.argv.begin(), command.argv.end());
  const auto error_of = [&] {
    std::string said;
    // It closes descriptors, and would be gone if it could.
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = testing::start([&] {
      const std::string text = become(file, command.invocation, arguments, ends[1]).message;
      return ::write(ends[1], text.data(), text.size()) > 0;
    });
    ::close(ends[1]);
    char bytes[512];
    for (ssize_t count = 0; (count = ::read(ends[0], bytes, sizeof bytes)) > 0;)
      said.append(bytes, static_cast<std::size_t>(count));
    ::close(ends[0]);
    CHECK(testing::succeeded(child));
    return said;
  };
  CHECK(error_of() ==
        "cannot run the low-level runtime " + file + ": it is missing, not executable, or this program itself");
  write_text(file, "no program of any format");
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  CHECK(error_of() == "cannot run the low-level runtime " + file + " (ENOEXEC)");
}

TEST_CASE("handover: what can be no runtime is not taken for one") {
  const TemporaryDirectory directory;
  const std::string file = directory.path("runc");
  write_text(file, "#!/bin/sh\n");
  CHECK_FALSE(is_usable_runtime(file));  // not executable
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  CHECK(is_usable_runtime(file));
  CHECK_FALSE(is_usable_runtime(directory.path()));
  CHECK_FALSE(is_usable_runtime(directory.path("missing")));
  CHECK_FALSE(is_usable_runtime("runc"));
  CHECK_FALSE(is_usable_runtime(""));
  CHECK_FALSE(is_usable_runtime("/proc/self/exe"));
  const std::string alias = directory.path("alias");
  std::filesystem::create_symlink("/proc/self/exe", alias);
  CHECK_FALSE(is_usable_runtime(alias));
}
