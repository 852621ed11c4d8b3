#include "record/log.h"

#include <fcntl.h>

#include <tuple>

#include "kernel/capability_names.h"
#include "kernel/seccomp_filter.h"
#include "util/file.h"

namespace hardened::record {
namespace {

constexpr const char* phases[record_phases] = {"start", "serve", "stop", "exec"};
constexpr const char* architectures[record_abis] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};

struct Argument {
  const char* syscall;
  int index;
};
constexpr Argument recorded_arguments[record_arguments] = {
    {"socket", 0}, {"clone", 0}, {"unshare", 0}, {"setns", 1}, {"personality", 0}, {"prctl", 0}, {"ioctl", 1}};

std::string name_of(const Call& call) {
  constexpr int x32_bit = 0x40000000;
  const int number = call.abi == record_x32 ? call.number | x32_bit : call.number;
  return kernel::syscall_name(number, architectures[call.abi]).value_or(std::to_string(call.number));
}

std::string capability_name(unsigned capability) {
  const auto names = kernel::capability_names();
  return capability < names.size() ? names[capability] : "CAP_UNKNOWN";
}

Json phases_of(const std::set<record_phase>& seen) {
  Json list = Json::array();
  for (const record_phase phase : seen) list.push_back(phases[phase]);
  return list;
}

Json all_phases(const Observed& observed) {
  std::set<record_phase> seen;
  for (const auto& [call, in] : observed.calls) seen.insert(in.begin(), in.end());
  return phases_of(seen);
}

Json syscalls_of(const Observed& observed) {
  std::map<std::string, std::map<std::string, std::set<record_phase>>> by_name;
  for (const auto& [call, in] : observed.calls) by_name[architectures[call.abi]][name_of(call)] = in;
  Json document = Json::object();
  for (const auto& [architecture, calls] : by_name) {
    Json& place = document[architecture] = Json::object();
    for (const auto& [name, in] : calls) place[name] = phases_of(in);
  }
  return document;
}

Json arguments_of(const Observed& observed) {
  Json list = Json::array();
  for (const auto& [argument, values] : observed.arguments) {
    Json row = {{"syscall", recorded_arguments[argument].syscall}, {"index", recorded_arguments[argument].index}};
    if (values.any) {
      row["any"] = true;
    } else {
      row["values"] = values.kept;
    }
    list.push_back(std::move(row));
  }
  return list;
}

Json capabilities_of(const Observed& observed) {
  std::map<std::tuple<std::string, std::string, bool>, std::uint64_t> counts;
  for (const CapabilityUse& use : observed.capabilities)
    counts[{capability_name(use.capability), name_of(use.call), use.granted}] += use.count;
  Json list = Json::array();
  for (const auto& [key, count] : counts) {
    const auto& [capability, syscall, granted] = key;
    list.push_back(Json{{"capability", capability}, {"syscall", syscall}, {"granted", granted}, {"count", count}});
  }
  return list;
}

Json writes_of(const Writes& writes) {
  Json list = Json::array();
  for (const Write& write : writes.found) {
    Json row = {{"path", write.path}, {"kind", write.kind}};
    if (write.bytes) row["bytes"] = *write.bytes;
    list.push_back(std::move(row));
  }
  return list;
}

Json peaks_of(const Peaks& peaks) {
  Json document = Json::object();
  if (peaks.memory) document["memory"] = *peaks.memory;
  if (peaks.pids) document["pids"] = *peaks.pids;
  if (peaks.cpu_ms) document["cpu_ms"] = *peaks.cpu_ms;
  return document;
}

std::vector<std::string> losses(const Run& run, const Ending& ending) {
  std::vector<std::string> lost = run.lost;
  lost.insert(lost.end(), ending.observed.lost.begin(), ending.observed.lost.end());
  lost.insert(lost.end(), ending.writes.lost.begin(), ending.writes.lost.end());
  return lost;
}

// What the engine did not say is left out.
void set(Json& document, const char* name, const std::string& value) {
  if (!value.empty()) document[name] = value;
}

}  // namespace

Json log_of(const Run& run, const Ending& ending) {
  Json document = {{"version", 1}, {"run", run.id}, {"container", run.container}, {"image", run.image}};
  set(document, "image_digest", run.image_digest);
  set(document, "engine", run.engine);
  set(document, "runtime", run.runtime);
  set(document, "kernel", ending.kernel);
  document["architecture"] = architectures[record_native];
  set(document, "profile", run.profile);
  document["tier"] = run.tier.empty() ? "bpf" : run.tier;  // that began before an upgrade
  document["started"] = run.started;
  document["ended"] = ending.ended;
  document["phases"] = all_phases(ending.observed);
  document["syscalls"] = syscalls_of(ending.observed);
  if (ending.observed.arguments_seen) document["arguments"] = arguments_of(ending.observed);
  if (ending.observed.capabilities_seen) document["capabilities"] = capabilities_of(ending.observed);
  document["writes"] = writes_of(ending.writes);
  document["peaks"] = peaks_of(ending.peaks);
  const std::vector<std::string> lost = losses(run, ending);
  document["complete"] = lost.empty();
  if (!lost.empty()) document["lost"] = lost;
  return document;
}

Status write_log(const Run& run, const Ending& ending, const std::string& directory) {
  TRY_DO(make_directories(directory));
  TRY(place, open_trusted_directory(AT_FDCWD, directory));
  TRY(file, AtomicFile::beside(place.get(), run.id + ".jsonl"));
  TRY_DO(file.write(log_of(run, ending).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"));
  return file.commit();
}

}  // namespace hardened::record
