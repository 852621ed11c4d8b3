#include "generate/known_flaws.h"

#include <algorithm>

#include "catch.h"
#include "generate/samples.h"
#include "generate/system_calls.h"
#include "policy/embedded.h"

using namespace hardened;
using namespace hardened::testing;

TEST_CASE("flaws: the table is sorted, each CVE is in it once, and every call is one") {
  const auto& flaws = generate::known_flaws();
  CHECK(flaws.size() >= 25);
  const auto number = [](const generate::Flaw& flaw) {
    return std::pair(std::stoi(flaw.cve.substr(4, 4)), std::stoi(flaw.cve.substr(9)));
  };
  for (std::size_t i = 0; i < flaws.size(); ++i) {
    INFO(flaws[i].cve);
    CHECK(flaws[i].cve.starts_with("CVE-"));
    CHECK_FALSE(flaws[i].title.empty());
    CHECK_FALSE(flaws[i].calls.empty());
    for (const std::string& call : flaws[i].calls) CHECK(runtime::known_names().is_syscall(call));
    if (i > 0) CHECK(number(flaws[i - 1]) < number(flaws[i]));
  }
}

TEST_CASE("flaws: one is closed when all of its calls are denied, not before") {
  const auto closes = [](const std::set<std::string>& allowed, const char* cve) {
    const auto closed = generate::closed_flaws(allowed);
    return std::find(closed.begin(), closed.end(), cve) != closed.end();
  };
  CHECK(closes({}, "CVE-2022-0847"));
  CHECK_FALSE(closes({"sendfile"}, "CVE-2022-0847"));
  CHECK_FALSE(closes({"keyctl"}, "CVE-2016-0728"));
  CHECK(closes({"add_key"}, "CVE-2016-0728"));
  CHECK(generate::closed_flaws({}).size() == generate::known_flaws().size());
}

TEST_CASE("docker: its default denies what strict denies by name, and allows ptrace") {
  const auto allowed = generate::allowed_by_docker("SCMP_ARCH_X86_64");
  for (const char* call : {"bpf", "mount", "keyctl", "userfaultfd", "clone3", "io_uring_setup"})
    CHECK_FALSE(allowed.contains(call));
  for (const char* call : {"ptrace", "read", "clone", "socket", "chroot"}) CHECK(allowed.contains(call));
  const Json document = Json::parse(embedded::find("seccomp/docker.json"));
  const std::vector<std::string> denied = document.at("denied");
  CHECK(std::is_sorted(denied.begin(), denied.end()));
}

TEST_CASE("calls: what strict itself lets through is less than what Docker's default does") {
  const auto strict_calls = generate::allowed_by(strict(), "SCMP_ARCH_X86_64");
  const auto docker = generate::allowed_by_docker("SCMP_ARCH_X86_64");
  for (const std::string& call : strict_calls) {
    INFO(call);
    CHECK((docker.contains(call) || !generate::calls_of("SCMP_ARCH_X86_64").contains(call)));
  }
  CHECK_FALSE(strict_calls.contains("clone3"));
  CHECK_FALSE(strict_calls.contains("chroot"));
}

TEST_CASE("calls: a machine's filters are for itself and its 32-bit interface") {
  CHECK(generate::filterable("SCMP_ARCH_X86_64") == std::vector<std::string>{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"});
  CHECK(generate::filterable("SCMP_ARCH_RISCV64") == std::vector<std::string>{"SCMP_ARCH_RISCV64"});
  CHECK(generate::filterable("SCMP_ARCH_FOO") == std::vector<std::string>{"SCMP_ARCH_FOO"});
  CHECK(generate::machine_of("SCMP_ARCH_AARCH64") == "aarch64");
  CHECK(generate::call_name("59", "SCMP_ARCH_X86_64") == "execve");
  CHECK(generate::call_name("read", "SCMP_ARCH_X86_64") == "read");
  CHECK(generate::call_name("99999999999999", "SCMP_ARCH_X86_64") == "99999999999999");
}
