// Fields: /hooks. Allowed: Docker's own network hook, the known device hooks, and those of the profile.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OCI runtime-spec", "config.md, POSIX-platform Hooks"}, {"CVE", "2025-23266"}};
constexpr std::string_view remedy = "to allow it, add its path to \"hooks\" of the profile";

struct Stage {
  std::string_view name;
  bool in_container;  // the path is one of the container's own file system
  bool needs_env;     // without an environment of its own some runtimes give it the image's (CVE-2025-23266)
};
constexpr Stage stages[] = {{"prestart", false, true},        {"createRuntime", false, true},
                            {"createContainer", false, true}, {"startContainer", true, false},
                            {"poststart", false, false},      {"poststop", false, false}};
constexpr std::string_view owns[] = {"/hooks/prestart/*/env", "/hooks/createRuntime/*/env",
                                     "/hooks/createContainer/*/env"};
constexpr std::string_view minimal_path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

// NVIDIA's container toolkit: the legacy hook, and the two names of the hook that CDI specifications call.
constexpr std::string_view device_hooks[] = {"/usr/bin/nvidia-container-runtime-hook", "/usr/bin/nvidia-ctk",
                                             "/usr/bin/nvidia-cdi-hook"};

// A trusted program with one of these does what the caller says: the dynamic linker, libc and shells read them.
constexpr std::string_view code_variables[] = {"LD_*", "GCONV_PATH", "GLIBC_TUNABLES", "BASH_ENV",
                                               "ENV",  "PYTHON*",    "PERL5*"};

struct Hook {
  std::string pointer, path;
  std::vector<std::string> args;
  std::vector<std::string> env;
};

// The first variable of `hook` that makes its program run other code; empty when there is none.
std::string code_variable(const Hook& hook) {
  for (const std::string& variable : hook.env) {
    const std::string name = variable.substr(0, variable.find('='));
    const auto names_it = [&name](std::string_view pattern) { return glob_match(pattern, name); };
    if (std::any_of(std::begin(code_variables), std::end(code_variables), names_it)) return name;
  }
  return {};
}

bool is_absolute(std::string_view path) {
  return path.starts_with('/') && clean_path(path) == path;
}

// A program that only root can have put there: hooks run as root on the host.
const host::PathFact* trusted_program(const Hook& hook, const Facts& facts) {
  const auto found = facts.paths.find(hook.path);
  if (found == facts.paths.end()) return nullptr;
  const host::PathFact& fact = found->second;
  const bool trusted = fact.exists && S_ISREG(fact.mode) && fact.owner == 0 && fact.root_controlled;
  return trusted ? &fact : nullptr;
}

// "/proc/PID/exe" and nothing else: a glob's "*" would also match "/proc/1/root/tmp/x/exe".
bool is_own_program(std::string_view path) {
  const std::vector<std::string> parts = split(path, '/');
  return parts.size() == 4 && parts[0].empty() && parts[1] == "proc" && parts[3] == "exe" && !parts[2].empty() &&
         parts[2].find_first_not_of("0123456789") == std::string::npos;
}

// dockerd before 28 lets runc call it back to set up the network (libnetwork sandbox_externalkey_unix.go).
bool is_network_hook(const Hook& hook, const Stage& stage, const Facts& facts) {
  if (stage.name != "prestart" || !is_own_program(hook.path)) return false;
  if (hook.args.empty() || hook.args.front() != "libnetwork-setkey") return false;
  const host::PathFact* program = trusted_program(hook, facts);
  return program != nullptr && program->resolved.ends_with("/dockerd");
}

bool is_allowed(const Hook& hook, const Stage& stage, const Policy& policy, const Facts& facts) {
  if (is_network_hook(hook, stage, facts)) return true;
  if (!is_absolute(hook.path)) return false;
  const bool listed = std::any_of(policy.profile.hooks.begin(), policy.profile.hooks.end(),
                                  [&](const std::string& pattern) { return glob_match(pattern, hook.path); });
  if (stage.in_container) return listed;
  const bool known = std::find(std::begin(device_hooks), std::end(device_hooks), hook.path) != std::end(device_hooks);
  return (listed || known) && trusted_program(hook, facts) != nullptr;
}

std::string refusal(const Hook& hook, const Stage& stage, const Facts& facts) {
  if (stage.in_container) return fmt::format("the {} hook {} is not in the profile", stage.name, in_quotes(hook.path));
  const bool trusted = trusted_program(hook, facts) != nullptr;
  return fmt::format("the {} hook {} is {}", stage.name, in_quotes(hook.path),
                     trusted ? "not among the allowed ones" : "not a program that only root can change");
}

void judge(Verdict& verdict, const Spec& spec, const Hook& hook, const Stage& stage, const Policy& policy,
           const Facts& facts) {
  if (!is_allowed(hook, stage, policy, facts)) {
    verdict.refuse(hook.pointer, refusal(hook, stage, facts), hook.path, std::string(remedy));
  } else if (const std::string name = code_variable(hook); !name.empty()) {
    verdict.refuse(hook.pointer + "/env",
                   fmt::format("the {} hook {} gets the variable {}, which makes it run other code", stage.name,
                               in_quotes(hook.path), in_quotes(name)),
                   name);
  }
  if (stage.needs_env && spec.elements(hook.pointer + "/env").empty())
    verdict.tighten(hook.pointer + "/env", Json::array({minimal_path}),
                    "a hook without an environment may get the image's, LD_PRELOAD included");
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  for (const Stage& stage : stages) {
    const std::string parent = fmt::format("/hooks/{}", stage.name);
    for (std::size_t i = 0; i < spec.elements(parent).size(); ++i) {
      const std::string pointer = fmt::format("{}/{}", parent, i);
      judge(verdict, spec,
            {pointer, spec.text(pointer + "/path").value_or(""), spec.strings(pointer + "/args"),
             spec.strings(pointer + "/env")},
            stage, policy, facts);
    }
  }
  return verdict;
}

}  // namespace

const Control hooks = {.id = "hooks",
                       .title = "Only known programs run as root beside the container",
                       .rationale = "A hook is a program of the caller's choice, run as root on the host.",
                       .references = references,
                       .owns = owns,
                       .evaluate = evaluate};

}  // namespace hardened::controls
