#include "runtime/judge.h"

#include <unistd.h>

#include "catch.h"
#include "host/id_pool.h"
#include "host/sandbox.h"
#include "runtime/known_names.h"
#include "temporary.h"

using namespace hardened;
namespace fs = std::filesystem;

namespace {

// A bundle below /mnt, which only root controls in the sandbox.
void put_bundle(const std::string& spec) {
  fs::create_directories("/mnt/b/rootfs");
  testing::write_text("/mnt/b/config.json", spec);
}

constexpr const char plain[] =
    R"({"ociVersion": "1.0.2", "root": {"path": "rootfs"},
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/true"], "cwd": "/", "env": ["PATH=/bin"],
                    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_NET_RAW"]}},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "network"}, {"type": "ipc"},
                                 {"type": "uts"}]}})";

// A policy that names a runtime that is there, whatever this machine has.
policy::Locations site() {
  testing::write_text("/mnt/policy.json", R"({"version": 1, "runtimes": ["/usr/bin/true", "/bin/true"]})");
  return {"/mnt/policy.json", "/mnt/none"};
}

Result<runtime::Judged> judged(const runtime::Terms& terms, runtime::Account& account) {
  const std::vector<const char*> words{"hardened-runtime", "create", "--bundle", "/mnt/b", "judged-by-a-test"};
  const runtime::Invocation invocation = runtime::parse(words);
  const runtime::Call call{invocation, words, "hardened-runtime"};
  TRY(bundle, oci::Bundle::open("/mnt/b"));
  return runtime::judge(call, bundle, terms, account);
}

std::string in_sandbox(const std::function<std::string()>& body) {
  if (::mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") != 0) return "no tmpfs";
  return body();
}

}  // namespace

TEST_CASE("judge: with supposed ids the spec is hardened, and nothing is claimed or kept") {
  sandbox::run([] {
    return in_sandbox([]() -> std::string {
      put_bundle(plain);
      runtime::Account account;
      const auto first = judged({site(), {}, runtime::Ids::supposed}, account);
      if (!first) return first.error().message;
      const auto second = judged({site(), {}, runtime::Ids::supposed}, account);
      if (!second) return second.error().message;
      const Spec& spec = first->judgement.spec;
      if (!spec.strings("/process/capabilities/bounding").empty()) return "capabilities are left";
      if (!spec.is_true("/process/noNewPrivileges")) return "new privileges are left";
      if (spec.document() != second->judgement.spec.document()) return "the second answer is another one";
      if (first->users && first->probe.facts.ids.uid != host::id_pool()->uid) return "the ids are not the pool's first";
      if (account.record.profile != "strict") return "the account has not heard of the profile";
      return testing::read_text("/mnt/b/config.json") == plain ? "" : "config.json was changed";
    });
  });
}

TEST_CASE("judge: another profile than the policy's, where one is given") {
  sandbox::run([] {
    return in_sandbox([]() -> std::string {
      put_bundle(plain);
      runtime::Account account;
      const auto compat = policy::built_in("compat", runtime::known_names());
      if (!compat) return compat.error().message;
      const auto result = judged({site(), *compat, runtime::Ids::supposed}, account);
      if (!result) return result.error().message;
      if (account.record.profile != "compat") return "the profile is " + account.record.profile;
      const auto kept = result->judgement.spec.strings("/process/capabilities/bounding");
      return kept == std::vector<std::string>{"CAP_CHOWN"} ? "" : "compat's capability is not kept alone";
    });
  });
}

TEST_CASE("judge: a refusal is among the decisions, and no error") {
  sandbox::run([] {
    return in_sandbox([]() -> std::string {
      std::string spec = plain;
      spec.replace(spec.find(R"({"type": "pid"}, )"), std::string(R"({"type": "pid"}, )").size(), "");
      put_bundle(spec);
      runtime::Account account;
      const auto result = judged({site(), {}, runtime::Ids::supposed}, account);
      if (!result) return result.error().message;
      const controls::Decision* refusal = result->judgement.refusal();
      return refusal != nullptr && refusal->control->id == "host-namespaces" ? "" : "it is not refused";
    });
  });
}
