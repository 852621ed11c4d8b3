#include "generate/lint.h"

#include <algorithm>

#include "catch.h"
#include "generate/samples.h"

using namespace hardened;
using namespace hardened::testing;
using generate::Remark;
using generate::Severity;

namespace {

const Remark* find(const std::vector<Remark>& remarks, std::string_view id) {
  const auto found = std::find_if(remarks.begin(), remarks.end(), [id](const Remark& r) { return r.id == id; });
  return found == remarks.end() ? nullptr : &*found;
}

// A profile like strict but for what `change` does; the remark `id` on it.
template <typename Change>
std::string remarked(std::string_view id, Change change) {
  Profile profile = strict();
  change(profile);
  const auto remarks = generate::lint(profile);
  const Remark* remark = find(remarks, id);
  return remark == nullptr ? "nothing" : (remark->severity == Severity::error ? "error: " : "warning: ") + remark->what;
}

// The same where strict's "deny" does not stand against it.
std::string allowing(std::string_view id, const std::string& call) {
  return remarked(id, [&call](Profile& profile) {
    profile.seccomp.allow.push_back(call);
    profile.seccomp.deny.clear();
  });
}

}  // namespace

TEST_CASE("lint: the shipped profiles leave nothing to remark") {
  CHECK(generate::lint(strict()).empty());
  CHECK(generate::lint(*policy::built_in("compat", runtime::known_names())).empty());
}

TEST_CASE("lint: each dangerous call is an error, by name or by group") {
  CHECK(allowing("call-trace", "ptrace") == "error: seccomp allows ptrace");
  CHECK(allowing("call-bpf", "bpf") == "error: seccomp allows bpf");
  CHECK(allowing("call-mount", "@mount") == "error: seccomp allows fsconfig");
  CHECK(allowing("call-keyring", "keyctl") == "error: seccomp allows keyctl");
  CHECK(allowing("call-userfaultfd", "userfaultfd") == "error: seccomp allows userfaultfd");
  CHECK(allowing("call-perf", "perf_event_open") == "error: seccomp allows perf_event_open");
  CHECK(allowing("call-io-uring", "io_uring_setup") == "error: seccomp allows io_uring_setup");
  CHECK(allowing("call-namespace", "unshare") == "error: seccomp allows unshare");
  CHECK(allowing("call-module", "kexec_load") == "error: seccomp allows kexec_load");
  CHECK(allowing("call-handle", "open_by_handle_at") == "error: seccomp allows open_by_handle_at");
  CHECK(allowing("call-hardware", "iopl") == "error: seccomp allows iopl");
  CHECK(allowing("call-descriptors", "modify_ldt") == "warning: seccomp allows modify_ldt");
  CHECK(allowing("call-openat2", "openat2") == "warning: seccomp allows openat2");
}

TEST_CASE("lint: a call that is denied as well is not allowed") {
  CHECK(remarked("call-trace", [](Profile& profile) { profile.seccomp.allow.emplace_back("ptrace"); }) == "nothing");
}

TEST_CASE("lint: what opens the host, by rule") {
  const auto capability = [](const char* name) { return [name](Profile& p) { p.capabilities = {name}; }; };
  CHECK(remarked("host-capability", capability("CAP_SYS_ADMIN")) == "error: CAP_SYS_ADMIN");
  CHECK(remarked("strong-capability", capability("CAP_NET_RAW")) == "warning: CAP_NET_RAW");
  CHECK(remarked("host-capability", capability("CAP_CHOWN")) == "nothing");
  CHECK(remarked("socket-family", [](Profile& p) { p.seccomp.socket_families = {"AF_ALG"}; }) == "error: AF_ALG");
  CHECK(remarked("compat-architectures", [](Profile& p) { p.seccomp.compat_architectures = true; }) ==
        "warning: compat_architectures");
  CHECK(remarked("host-namespace", [](Profile& p) { p.namespaces = {"pid"}; }) == "error: namespace \"pid\"");
  CHECK(remarked("host-users", [](Profile& p) { p.user_namespace.own = false; }) == "error: user_namespace");
  CHECK(remarked("plain-mounts", [](Profile& p) { p.user_namespace.plain_mounts = true; }) ==
        "warning: unmappable_mounts");
  CHECK(remarked("persistent-root", [](Profile& p) { p.rootfs = policy::Rootfs::persistent; }) ==
        "error: rootfs persistent");
  CHECK(remarked("no-limit", [](Profile& p) { p.limits.pids.max = 1U << 30U; }) == "error: limits pids");
  CHECK(remarked("no-limit", [](Profile& p) { p.limits.memory.max = std::uint64_t{1} << 62; }) ==
        "error: limits memory");
  CHECK(remarked("covered-programs", [](Profile& p) {
          p.writable = {{"/etc/x", 1}};
        }) == "warning: writable \"/etc/x\"");
  CHECK(remarked("host-device", [](Profile& p) { p.devices = {"/dev/fuse"}; }) == "warning: device \"/dev/fuse\"");
  CHECK(remarked("host-hook", [](Profile& p) { p.hooks = {"/x"}; }) == "error: hook \"/x\"");
  CHECK(remarked("host-group", [](Profile& p) { p.groups = {"disk"}; }) == "warning: group \"disk\"");
}

TEST_CASE("lint: rules have one id each") {
  auto ids = generate::lint_rules();
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(ids.size() >= 25);
}
