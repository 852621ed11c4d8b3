// Fields: /linux/resources/cpu/{quota,period,burst,shares,realtimeRuntime,realtimePeriod}. Allowed: quota / period up
// to the profile's max in cores. cpus, mems and idle only restrict and stay.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "controls/controls.h"
#include "controls/limits.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Top 10", "D07"}, {"OWASP Docker Cheat Sheet", "RULE #7"}, {"CIS Docker 1.6.0", "5.12"}};
constexpr std::string_view quota_at = "/linux/resources/cpu/quota";
constexpr std::string_view period_at = "/linux/resources/cpu/period";
constexpr std::string_view burst_at = "/linux/resources/cpu/burst";
constexpr std::string_view shares_at = "/linux/resources/cpu/shares";
constexpr std::string_view realtime_at[] = {"/linux/resources/cpu/realtimeRuntime",
                                            "/linux/resources/cpu/realtimePeriod"};
constexpr std::string_view owns[] = {quota_at, period_at, burst_at, shares_at, realtime_at[0], realtime_at[1]};

// Microseconds, Linux kernel/sched/core.c: the bounds of a period, and the least quota.
constexpr std::int64_t least_period = 1'000;
constexpr std::int64_t most_period = 1'000'000;
constexpr double least_cores = 0.01;        // 1 ms, the least quota, in the default period
constexpr std::int64_t core_shares = 1024;  // the weight of one core, by Docker's and Kubernetes' convention

struct Time {  // microseconds; a negative quota: unlimited; nothing: not set
  std::optional<std::int64_t> quota, period;
};

std::int64_t quota_for(double cores) {
  return std::llround(std::clamp(cores, least_cores, 1e6) * static_cast<double>(default_cpu_period));
}

// quota / period > max, with max in the precision in which a clamp writes it.
bool beyond_cores(std::int64_t quota, std::int64_t period, double max) {
  if (max <= 0) return false;
  const double most =
      static_cast<double>(quota_for(max)) * static_cast<double>(period) / static_cast<double>(default_cpu_period);
  return quota < 0 || static_cast<double>(quota) > most;
}

std::string cores_text(std::int64_t quota, std::int64_t period) {
  return quota < 0 ? "unlimited" : fmt::format("{:g}", static_cast<double>(quota) / static_cast<double>(period));
}

// Nothing asked for on create: the profile's default. A period alone limits nothing, so it is replaced with it.
std::optional<std::int64_t> set_fallback(Verdict& verdict, const policy::Limit<double>& limit) {
  if (limit.fallback <= 0) return std::nullopt;
  const std::int64_t quota = quota_for(limit.max > 0 ? std::min(limit.fallback, limit.max) : limit.fallback);
  verdict.tighten(std::string(quota_at), quota, "without a quota one container can take every core");
  verdict.tighten(std::string(period_at), default_cpu_period, "the period of that quota");
  return quota;
}

// An update without a quota. A new period alone would change the share of the quota that is in force: 100 ms of quota
// in a period of 1 ms is 100 cores. Which quota that is, after other updates, only the kernel knows. Left out in
// silence, the period would be in the engine's records, and the next start refused.
std::optional<std::int64_t> keep_granted(Verdict& verdict, const Time& time, double max, const Facts& facts) {
  if (time.period && max > 0)
    verdict.excess(std::string(period_at), std::nullopt,
                   "a new period without a quota would multiply the quota in force",
                   fmt::format("period={}", *time.period), "to allow it, name the quota as well (--cpu-quota)");
  return asked(facts.granted_resources, "/cpu/quota");
}

// The quota and its period carry one subject: with only one of them waived the other would mean something else.
void cut(Verdict& verdict, const Time& time, std::int64_t period, const Policy& policy, bool update) {
  const double max = policy.profile.limits.cpu.max;
  const std::string text = cores_text(*time.quota, period);
  const std::string reason =
      fmt::format("{} cores are more than {:g}, the most of profile \"{}\"", text, max, policy.profile.name);
  if (*time.quota != quota_for(max))
    verdict.excess(std::string(quota_at), quota_for(max), reason, "cpu=" + text, raise_max("cpu"));
  const bool known = !update || time.period;  // on create an absent period is the default one
  if (!known || period != default_cpu_period)
    verdict.excess(std::string(period_at), default_cpu_period, reason, "cpu=" + text, raise_max("cpu"));
}

// Returns the quota in force once the findings are applied.
std::optional<std::int64_t> judge_time(Verdict& verdict, const Time& time, const Policy& policy, const Facts& facts) {
  const bool update = facts.operation == host::Operation::update;
  if (!time.quota)
    return update ? keep_granted(verdict, time, policy.profile.limits.cpu.max, facts)
                  : set_fallback(verdict, policy.profile.limits.cpu);
  std::int64_t period = time.period.value_or(default_cpu_period);
  if (update && !time.period) period = asked(facts.granted_resources, "/cpu/period").value_or(default_cpu_period);
  if (beyond_cores(*time.quota, period, policy.profile.limits.cpu.max)) {
    cut(verdict, time, period, policy, update);
    return quota_for(policy.profile.limits.cpu.max);
  }
  // The kernel would keep the period of an earlier update, which we do not know.
  if (update) verdict.tighten(std::string(period_at), period, "a quota is judged together with its period");
  return time.quota;
}

void judge_weights(Verdict& verdict, const Spec& spec, const Policy& policy) {
  const double max = policy.profile.limits.cpu.max;
  const std::int64_t most =
      std::max<std::int64_t>(core_shares, std::llround(std::min(max, 1e6) * static_cast<double>(core_shares)));
  const auto shares = asked(spec, shares_at);
  if (max > 0 && shares && (*shares < 0 || *shares > most))
    verdict.excess(std::string(shares_at), most,
                   fmt::format("{} CPU shares are more than {}, the weight of the profile's cores", *shares, most),
                   fmt::format("shares={}", *shares), raise_max("cpu"));
  for (const std::string_view pointer : realtime_at) {
    if (!asked(spec, pointer)) continue;
    const std::string name(pointer.substr(pointer.rfind('/') + 1));
    verdict.excess(std::string(pointer), std::nullopt, "real-time scheduling was asked for (" + name + ")", name);
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  judge_weights(verdict, spec, policy);
  const Time time{asked(spec, quota_at), asked(spec, period_at)};
  if (time.period && (*time.period < least_period || *time.period > most_period)) {
    verdict.refuse(std::string(period_at),
                   fmt::format("a CPU period of {} µs is outside the kernel's 1000 to 1000000", *time.period),
                   fmt::format("period={}", *time.period), "ask for a period within them");
    return verdict;
  }
  const auto quota = judge_time(verdict, time, policy, facts);
  const auto burst = asked(spec, burst_at);
  if (burst && quota && *quota > 0 && (*burst < 0 || *burst > *quota))
    verdict.excess(std::string(burst_at), *quota, fmt::format("a CPU burst of {} µs is above the quota", *burst),
                   fmt::format("burst={}", *burst));
  return verdict;
}

}  // namespace

const Control cpu = {.id = "cpu",
                     .title = "Processor time is limited",
                     .rationale = "A busy loop in one container would otherwise starve the host and its neighbours.",
                     .references = references,
                     .owns = owns,
                     .evaluate = evaluate};

}  // namespace hardened::controls
