#include "verify/filter.h"

#include <algorithm>

#include "catch.h"
#include "controls/seccomp_generate.h"
#include "kernel/seccomp_filter.h"
#include "oci/spec.h"
#include "policy/load.h"
#include "runtime/known_names.h"

using namespace hardened;
using Names = std::vector<std::string>;

namespace {

Facts machine() {
  Facts facts;
  facts.kernel_major = 6;
  facts.runtime = {"/usr/sbin/runc", host::RuntimeKind::runc, 1, 1, 5};
  return facts;
}

// What the control seccomp writes for the built-in profile `name`, changed, as the kernel would hold it.
struct Loaded {
  explicit Loaded(const std::string& name, void (*change)(Json& seccomp) = nullptr) {
    const auto profile = policy::built_in(name, runtime::known_names()).value();
    grant.profile = profile.document;
    grant.process = Json::parse(R"({"capabilities":{"bounding":["CAP_CHOWN"]}})");
    seccomp =
        controls::write_filter(controls::generate_filter(profile.seccomp, {"CAP_CHOWN"}, machine()),
                               controls::filter_architectures("x86_64", profile.seccomp.compat_architectures), {});
    if (change != nullptr) change(seccomp);
    program = kernel::compile_seccomp(seccomp, "SCMP_ARCH_X86_64").value();
  }
  [[nodiscard]] Names beyond() const { return verify::allowed_beyond(grant, {program}, machine()).value(); }

  state::Grant grant;
  Json seccomp;
  kernel::SeccompProgram program;
};

// In place of what the filter says of the call.
void allow(Json& seccomp, const char* call, const Json& arguments = Json::array()) {
  for (Json& rule : seccomp["syscalls"]) {
    std::erase_if(rule["names"].get_ref<Json::array_t&>(), [&](const Json& name) { return name == call; });
  }
  seccomp["syscalls"].push_back({{"names", Json::array({call})}, {"action", "SCMP_ACT_ALLOW"}, {"args", arguments}});
}

}  // namespace

TEST_CASE("the filter of a profile allows nothing beyond it") {
  for (const char* name : {"strict", "compat", "build", "train"}) {
    INFO(name);
    CHECK(Loaded(name).beyond() == Names{});
  }
}

TEST_CASE("one call more is named, also when only the ABI of 32 bits has it more") {
  CHECK(Loaded("strict", [](Json& seccomp) { allow(seccomp, "ptrace"); }).beyond() == Names{"ptrace"});
  Loaded loaded("train");
  loaded.grant.profile["seccomp"]["compat_architectures"] = false;
  const Names both = loaded.beyond();
  CHECK(std::find(both.begin(), both.end(), "openat (SCMP_ARCH_X86)") != both.end());
  CHECK(
      std::all_of(both.begin(), both.end(), [](const std::string& name) { return name.ends_with("(SCMP_ARCH_X86)"); }));
}

TEST_CASE("arguments that the profile does not allow are found, wherever the difference is") {
  const auto socket = [](Json& seccomp) {
    allow(seccomp, "socket", Json::parse(R"([{"index":0,"value":38,"op":"SCMP_CMP_EQ"}])"));  // AF_ALG
  };
  CHECK(Loaded("strict", socket).beyond() == Names{"socket"});
  const auto raw = [](Json& seccomp) {
    allow(seccomp, "socket",
          Json::parse(R"([{"index":0,"value":2,"op":"SCMP_CMP_EQ"},{"index":1,"value":3,"op":"SCMP_CMP_EQ"}])"));
  };
  CHECK(Loaded("strict", raw).beyond() == Names{"socket"});
  for (const char* call : {"clone", "ioctl", "chmod"}) {  // with any: only the profile's filter compares
    INFO(call);
    Loaded loaded("strict");
    Json seccomp = loaded.seccomp;
    allow(seccomp, call);
    loaded.program = kernel::compile_seccomp(seccomp, "SCMP_ARCH_X86_64").value();
    CHECK(loaded.beyond() == Names{call});
  }
}

TEST_CASE("a call that is left to a process outside may pass") {
  for (const char* action : {"SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"}) {
    INFO(action);
    Loaded loaded("strict");
    loaded.program =
        kernel::compile_seccomp({{"defaultAction", "SCMP_ACT_ERRNO"},
                                 {"syscalls", Json::array({{{"names", Json::array({"ptrace"})}, {"action", action}}})}},
                                "SCMP_ARCH_X86_64")
            .value();
    CHECK(loaded.beyond() == Names{"ptrace"});
  }
}

TEST_CASE("of several filters each has to let a call pass, and one that cannot be run is passed over") {
  const Loaded weak("strict", [](Json& seccomp) { allow(seccomp, "ptrace"); });
  const Loaded strict("strict");
  const kernel::SeccompProgram strange = {BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_RET | BPF_K, 0)};
  CHECK(verify::allowed_beyond(weak.grant, {weak.program, strict.program}, machine()).value().empty());
  CHECK(verify::allowed_beyond(weak.grant, {strange, weak.program}, machine()).value() == Names{"ptrace"});
}

TEST_CASE("a container's own filter, made to be slow to try, is not tried where the runtime's suffices") {
  kernel::SeccompProgram slow;
  for (unsigned word = 4; word < 16; ++word) {
    slow.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, word * 4));
    for (unsigned value = 0; value < 330; ++value) slow.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 0));
  }
  slow.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const Loaded strict("strict");
  CHECK(verify::allowed_beyond(strict.grant, {strict.program, slow}, machine()).value().empty());
  const Loaded weak("strict", [](Json& seccomp) { allow(seccomp, "ptrace"); });
  const auto beyond = verify::allowed_beyond(weak.grant, {weak.program, slow}, machine());
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().message.find("too much") != std::string::npos);
}

TEST_CASE("no filter of a profile is weaker for a runtime that was replaced, or a build's step") {
  Loaded build("build");
  Facts facts = machine();
  facts.workload.building = true;
  const auto profile = policy::built_in("build", runtime::known_names()).value();
  build.program = kernel::compile_seccomp(
                      controls::write_filter(controls::generate_filter(profile.seccomp, {"CAP_CHOWN"}, facts), {}, {}),
                      "SCMP_ARCH_X86_64")
                      .value();
  CHECK_FALSE(build.beyond().empty());  // set-user-ID modes
  build.grant.building = true;
  CHECK(build.beyond().empty());
}

TEST_CASE("a profile that cannot be read is an error, and a machine unknown to us is not judged") {
  Loaded loaded("strict", [](Json& seccomp) { allow(seccomp, "ptrace"); });
  Facts facts = machine();
  facts.architecture = "vax";
  CHECK(verify::allowed_beyond(loaded.grant, {loaded.program}, facts).value().empty());
  loaded.grant.profile = Json("nonsense");
  CHECK_FALSE(verify::allowed_beyond(loaded.grant, {loaded.program}, machine()));
}
