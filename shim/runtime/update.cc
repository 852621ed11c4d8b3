// update: new limits for a running container cannot exceed the maxima of the profile it was granted. `docker update
// --pids-limit -1` arrives here as JSON on stdin (containerd/go-runc), Podman's as a file, a person's as flags.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "controls/limits.h"
#include "host/machine.h"
#include "oci/schema.h"
#include "oci/strict_json.h"
#include "runtime/story.h"
#include "state/store.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

struct Amount {
  std::string_view flag;
  std::string_view pointer;  // below /linux/resources
  bool size;                 // a number of bytes, which may carry a unit
};

// runc update.go and crun update.c: every flag that stands for a member of linux.resources.
constexpr Amount amounts[] = {
    {"blkio-weight", "/blockIO/weight", false},
    {"cpu-burst", "/cpu/burst", false},
    {"cpu-idle", "/cpu/idle", false},
    {"cpu-period", "/cpu/period", false},
    {"cpu-quota", "/cpu/quota", false},
    {"cpu-rt-period", "/cpu/realtimePeriod", false},
    {"cpu-rt-runtime", "/cpu/realtimeRuntime", false},
    {"cpu-share", "/cpu/shares", false},
    {"kernel-memory", "/memory/kernel", true},
    {"kernel-memory-tcp", "/memory/kernelTCP", true},
    {"memory", "/memory/limit", true},
    {"memory-reservation", "/memory/reservation", true},
    {"memory-swap", "/memory/swap", true},
    {"pids-limit", "/pids/limit", false},
};

// "-1", "4096", "512m", "1GiB": docker/go-units' binary units, without its fractions.
Result<std::int64_t> amount_from(const std::string& text, bool size) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit = oci::folded(std::string_view(end, text.data() + text.size()));
  constexpr std::string_view letters = "bkmgt";
  const std::size_t power = unit.empty() ? 0 : letters.find(unit.front());
  const bool known =
      unit.empty() || (size && power != std::string_view::npos &&
                       (unit.size() == 1 || (power > 0 && (unit.substr(1) == "b" || unit.substr(1) == "ib"))));
  std::int64_t result = 0;
  if (error != std::errc{} || !known || __builtin_mul_overflow(value, std::int64_t{1} << (10 * power), &result))
    return fail(Code::usage, "cannot understand the amount " + in_quotes(text),
                "give a whole number, for memory with k, m or g");
  return result;
}

Result<Json> resources_from_flags(const Invocation& invocation) {
  Spec resources(Json::object());
  for (const Amount& amount : amounts) {
    if (!invocation.has_flag(amount.flag)) continue;
    TRY(value, amount_from(invocation.flag(amount.flag), amount.size));
    TRY_DO(resources.apply({std::string(amount.pointer), std::nullopt, value}));
  }
  for (const char* list : {"cpus", "mems"}) {
    const std::string flag = std::string("cpuset-") + list;
    if (invocation.has_flag(flag))
      TRY_DO(resources.apply({std::string("/cpu/") + list, std::nullopt, invocation.flag(flag)}));
  }
  return resources.document();
}

// runc obeys these beside --resources as well, unlike all other flags.
Status refuse_cache_shares(const Invocation& invocation) {
  for (const char* flag : {"l3-cache-schema", "mem-bw-schema"}) {
    if (invocation.has_flag(flag))
      return fail(Code::refused,
                  std::string("refused by intel-rdt: --") + flag + " changes cache shares of the whole host",
                  "leave the flag out");
  }
  return {};
}

Result<Json> read_resources(const std::string& source) {
  const std::string name = source == "-" ? "the resources on standard input" : source;
  Fd file;
  if (source != "-") {
    TRY(opened, open_at(AT_FDCWD, source, O_RDONLY | O_NOCTTY | O_NONBLOCK));
    file = std::move(opened);
  }
  TRY(text, read_all(source == "-" ? STDIN_FILENO : file.get(), oci::StrictOptions{}.max_bytes, name));
  TRY(document, oci::parse_strict(text, name));
  TRY(unknown, oci::check_shape(document.value, oci::resources_shape, name));
  if (!unknown.empty())
    return fail(
        Code::refused,
        "refused by unknown-fields: " + in_quotes("/linux/resources" + unknown.front()) + " is not in the runtime-spec",
        "leave the member out");
  return std::move(document.value);
}

// The argument list with our document in the place of whatever named the resources.
std::vector<std::string> with_resources(const Call& call, const std::string& path) {
  if (call.invocation.has_flag("resources")) return with_flag_value(call.argv, call.invocation, "resources", path);
  std::vector<std::string> arguments(call.argv.begin(),
                                     call.argv.begin() + static_cast<std::ptrdiff_t>(call.invocation.verb_at) + 1);
  arguments.insert(arguments.end(), {"--resources", path, call.invocation.id()});
  return arguments;
}

// The limits by which a container can be weakened, below /linux/resources; those of its processor are a pair.
struct Limit {
  const char* group;
  const char* name;
};
constexpr Limit limits[] = {{"memory", "limit"}, {"memory", "swap"}, {"pids", "limit"}};

// A limit of 0 or below is none.
template <typename T>
bool is_wider(T updated, std::optional<T> granted) {
  return granted && *granted > 0 && (updated < 0 || updated > *granted);
}

// What Grant::raised is once `update` is in force.
Json raised_by(const Json& update, const state::Grant& grant) {
  Json most = grant.resources;
  if (!grant.raised.is_null()) most.merge_patch(grant.raised);
  Json raised = grant.raised;
  for (const Limit& limit : limits) {
    const std::string pointer = fmt::format("/{}/{}", limit.group, limit.name);
    const auto value = controls::asked(update, pointer);
    if (value && is_wider(*value, controls::asked(most, pointer))) raised[limit.group][limit.name] = *value;
  }
  const auto cores = controls::cores_of(update);
  if (cores && is_wider(*cores, controls::cores_of(most))) {
    for (const char* name : {"quota", "period"}) {
      if (const auto value = controls::asked(update, std::string("/cpu/") + name)) raised["cpu"][name] = *value;
    }
  }
  return raised;
}

// `verify` compares a container with its grant: a limit that was raised by leave is no weakness. Written before the
// runtime raises it: of an update that the runtime refuses the grant is too wide then, and never the container.
Status remember(const state::Grant& grant, const Json& update) {
  if (raised_by(update, grant) == grant.raised) return {};
  return state::amend(grant.runtime_root, grant.id,
                      [&](state::Grant& current) { current.raised = raised_by(update, current); });
}

}  // namespace

Result<Handover> update(const Call& call, Account& account) {
  TRY(grant, load_grant(call.invocation));
  TRY(policy, granted_policy(grant));
  introduce(account, grant, policy);
  TRY_DO(refuse_cache_shares(call.invocation));
  const std::string source = call.invocation.flag("resources");
  TRY(resources, source.empty() ? resources_from_flags(call.invocation) : read_resources(source));

  Facts facts;
  TRY_DO(host::read_machine(facts));
  facts.operation = host::Operation::update;
  facts.workload.id = call.invocation.id();
  if (grant) facts.granted_resources = grant->resources;
  TRY(judgement, controls::harden(Spec(Json{{"linux", {{"resources", resources}}}}), policy, facts));
  TRY_DO(note(account, judgement, policy));
  TRY(runtime, runtime_of(call.invocation, grant, policy));
  const Json& update = judgement.spec.elements("/linux/resources");
  TRY(document, sealed_document("resources", update.dump()));
  if (grant) TRY_DO(remember(*grant, update));
  TRY_DO(write_record(account));
  return Handover{runtime, with_resources(call, document_path(document)), std::move(document)};
}

}  // namespace hardened::runtime
