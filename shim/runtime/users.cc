#include "runtime/users.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "host/id_pool.h"
#include "state/id_ranges.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

// Namespaces that belong to a user namespace, and whose file systems only its members may mount.
constexpr std::string_view owned_by_users[] = {"network", "ipc", "pid"};

struct Plan {
  bool own = true;
  std::string joins;       // the user namespace of a peer
  kernel::IdMapping ids;   // its ids
  std::string impossible;  // why there can be none
};

std::string users_beside(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1) + "user";
}

// runc before 1.2 enters a container's user namespace before all others, and has then no right to those that belong to
// the host's users: a network namespace that the engine made, as Podman and Kubernetes' engines do.
bool enters_users_first(const host::RuntimeFact& runtime) {
  return runtime.kind == host::RuntimeKind::runc && runtime.major == 1 && runtime.minor < 2;
}

void consider(Plan& plan, const Spec& spec, std::string_view type, const Facts& facts) {
  for (const Json& element : spec.elements("/linux/namespaces")) {
    if (oci::text(element, "/type") != type) continue;
    const std::string path = oci::text(element, "/path").value_or("");
    if (path.empty()) return;
    const auto fact = facts.namespaces.find(path);
    const bool of_a_container = fact != facts.namespaces.end() && fact->second.container;
    if (fact != facts.namespaces.end() && fact->second.hosts_users && !of_a_container && type == "network" &&
        enters_users_first(facts.runtime)) {
      plan.impossible =
          fmt::format("runc {}.{} cannot enter a network namespace that the engine made; runc 1.2 and crun can",
                      facts.runtime.major, facts.runtime.minor);
      return;
    }
    if (!of_a_container && type == "network") return;  // pinned by the engine: sysfs is bound instead
    if (!of_a_container || fact->second.ids.size == 0 || !path.starts_with("/proc/")) {
      plan.impossible = fmt::format("it joins a {} namespace that belongs to the host's users", type);
    } else if (plan.joins.empty()) {
      plan.joins = users_beside(path);
      plan.ids = fact->second.ids;
    } else if (plan.ids != fact->second.ids) {
      plan.impossible = "it joins namespaces of containers with different users";
    }
    return;
  }
  // Not listed: the host's, which the profile granted or host-namespaces refuses.
  if (type != "network") plan.impossible = fmt::format("it shares the host's {} namespace", type);
}

Plan plan_for(const Spec& spec, const Facts& facts) {
  Plan plan;
  for (const Json& element : spec.elements("/linux/namespaces")) {
    if (oci::text(element, "/type") == "user") plan.own = false;
  }
  if (!plan.own) return plan;
  if (spec.find("/linux/uidMappings") != nullptr || spec.find("/linux/gidMappings") != nullptr) {
    plan.impossible = "its configuration maps ids, and has no user namespace to map them in";
    return plan;
  }
  for (const std::string_view type : owned_by_users) consider(plan, spec, type, facts);
  return plan;
}

Result<kernel::IdMapping> claim(const Facts& facts, std::uint32_t size, const std::string& runtime_root) {
  TRY(pool, host::id_pool());
  TRY(creator, state::this_process());
  return state::claim_ids({runtime_root, facts.workload.id, size, creator}, pool);
}

Result<kernel::IdMapping> suppose(std::uint32_t size) {
  TRY(pool, host::id_pool());
  return kernel::IdMapping{pool.uid, pool.gid, size};
}

std::vector<host::IdInterval> outside(const Spec& spec, std::string_view pointer) {
  std::vector<host::IdInterval> intervals;
  for (const Json& mapping : spec.elements(pointer)) {
    const auto number = [&mapping](const char* member) {
      const Json* value = oci::find(mapping, member);
      return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
    };
    constexpr std::uint64_t end = std::uint64_t{1} << 32U;
    const std::uint64_t first = std::min(number("/hostID"), end - 1);
    intervals.push_back(
        {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(std::min(number("/size"), end - 1 - first))});
  }
  return intervals;
}

// An engine's own mapping may be of our ids: an administrator's --uidmap. Nobody else is given them then.
Status keep(const Spec& spec, const Facts& facts, const std::string& runtime_root) {
  const Json& namespaces = spec.elements("/linux/namespaces");
  const bool joined = std::any_of(namespaces.begin(), namespaces.end(), [](const Json& element) {
    return oci::text(element, "/type") == "user" && !oci::text(element, "/path").value_or("").empty();
  });
  const state::GivenIds given{outside(spec, "/linux/uidMappings"), outside(spec, "/linux/gidMappings"), joined};
  TRY(pool, host::id_pool());
  TRY(creator, state::this_process());
  return state::enter_given_ids({runtime_root, facts.workload.id, host::IdPool::slot, creator}, given, pool);
}

// The peer may end before the container that joins it.
Status share(const kernel::IdMapping& ids, const Facts& facts, const std::string& runtime_root) {
  TRY(creator, state::this_process());
  return state::share_ids({runtime_root, facts.workload.id, ids.size, creator}, ids);
}

}  // namespace

Result<std::optional<rootfs::OwnUsers>> own_users(const Spec& spec, const Policy& policy,
                                                  const std::string& runtime_root, Ids ids, host::Probe& probe) {
  if (policy.mode == policy::Mode::audit) return std::nullopt;
  Facts& facts = probe.facts;
  Plan plan = plan_for(spec, facts);
  facts.joined_user_namespace = plan.joins;
  facts.no_user_namespace = plan.impossible;
  if (!plan.own && ids == Ids::claimed) TRY_DO(keep(spec, facts, runtime_root));
  if (!policy.profile.user_namespace.own || !plan.own || !plan.impossible.empty()) return std::nullopt;
  if (plan.joins.empty()) {
    const std::uint32_t size = policy.profile.user_namespace.size;
    TRY(own, ids == Ids::claimed ? claim(facts, size, runtime_root) : suppose(size));
    plan.ids = own;
  } else if (ids == Ids::claimed) {
    TRY_DO(share(plan.ids, facts, runtime_root));
  }
  // A failure of the moment (EMFILE, ENOMEM, EIO) is none of the host's properties: whoever can cause one must not get
  // the host's users by it.
  const auto lacks = [&facts](const Error& error) -> Result<std::optional<rootfs::OwnUsers>> {
    if (error.code != Code::policy) return tl::unexpected<Error>(error);
    facts.no_user_namespace = error.message;
    return std::nullopt;
  };
  auto user_namespace = kernel::make_user_namespace(plan.ids);
  if (!user_namespace) return lacks(user_namespace.error());
  auto layers = rootfs::take_layers(spec, probe, policy.profile.rootfs, user_namespace->get());
  if (!layers) return lacks(layers.error());
  facts.ids = plan.ids;
  return rootfs::OwnUsers{std::move(*user_namespace), std::move(*layers)};
}

void give_streams(const kernel::IdMapping& ids) {
  if (ids.size == 0) return;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    if (::fstat(stream, &status) != 0 || !S_ISFIFO(status.st_mode)) continue;
    if (::fchown(stream, ids.uid, ids.gid) != 0) continue;  // it stays the host's, as without a user namespace
  }
}

}  // namespace hardened::runtime
