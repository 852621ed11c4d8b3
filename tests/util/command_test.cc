#include "util/command.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "catch.h"

using namespace hardened;

namespace {

CommandOutput shell(const std::string& script, CommandOptions options = {}) {
  const auto result = run_command({"/bin/sh", "-c", script}, options);
  REQUIRE(result.has_value());
  return *result;
}

std::string complaint(const std::string& script, CommandOptions options) {
  const auto result = run_command({"/bin/sh", "-c", script}, options);
  REQUIRE_FALSE(result.has_value());
  return result.error().message;
}

}  // namespace

TEST_CASE("command: what it says and how it ends") {
  CHECK(shell("echo said; echo complained >&2; exit 3").text == "said\n");
  CHECK(shell("exit 3").status == 3);
  CHECK(shell("kill -TERM $$").status == 128 + 15);
  CHECK(shell("echo complained >&2", {.errors = true}).text == "complained\n");
}

TEST_CASE("command: it inherits no environment, no descriptor and no input") {
  const int leak = ::dup(STDERR_FILENO);  // one without O_CLOEXEC
  REQUIRE(leak > STDERR_FILENO);
  CHECK(shell("echo \"$HOME$PATH_INFO$USER\"; cat; ls /proc/self/fd").text == "\n0\n1\n2\n3\n");
  ::close(leak);
}

TEST_CASE("command: its input is the one it is given") {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  std::fputs("fed", file.get());
  std::rewind(file.get());
  CHECK(shell("cat", {.input = ::fileno(file.get())}).text == "fed");
}

TEST_CASE("command: what is missing, endless, silent or deaf is an error, not a hang") {
  CHECK(run_command({"/nowhere/program"}).error().message == "cannot run /nowhere/program (ENOENT)");
  CHECK(complaint("while :; do echo more; done", {.limit = 100}) ==
        "cannot use what /bin/sh says: more than 100 bytes");
  const CommandOptions hasty{.patience = std::chrono::seconds{1}};
  CHECK(complaint("exec sleep 600", hasty) == "cannot wait any longer for /bin/sh");
  CHECK(complaint("exec >&-; exec sleep 600", hasty) == "cannot wait any longer for /bin/sh");
}
