#include "record/programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <filesystem>
#include <memory>

#include "record/layout.h"
#include "record/object.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"

namespace hardened::record {
namespace {

constexpr char kernel_types[] = "/sys/kernel/btf/vmlinux";
constexpr const char* maps[] = {"inits", "containers", "controls", "progress",
                                "calls", "arguments",  "values",   "capabilities"};
constexpr const char* programs[] = {"capability_asked", "task_begins", "call_begins", "program_begins"};
constexpr char optional_program[] = "capability_asked";
constexpr char optional_tracepoint[] = "cap_capable";

using Object = std::unique_ptr<bpf_object, void (*)(bpf_object*)>;

int say_nothing(libbpf_print_level, const char*, va_list) {
  return 0;
}

std::string place(const std::string& directory) {
  return directory + "/" HARDENED_LAYOUT;
}

// Those of another build are not found under it.
std::string program_path(const std::string& directory, const std::string& program) {
  static const std::string build = [] {
    const auto bytes = object();
    return sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).substr(0, 16);
  }();
  return place(directory) + "/program_" + program + "_" + build;
}

std::string link_path(const std::string& directory, const std::string& program) {
  return place(directory) + "/link_" + program;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Status mount_bpf(const std::string& directory) {
  TRY_DO(make_directories(directory));
  struct statfs status {};
  if (::statfs(directory.c_str(), &status) != 0) return fail_errno("cannot look at " + directory, errno);
  if (static_cast<unsigned long>(status.f_type) == BPF_FS_MAGIC) return {};
  if (::mount("bpf", directory.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0)
    return fail_errno("cannot mount a BPF file system at " + directory, errno);
  return {};
}

std::uint64_t missed_by(const std::string& link_place) {
  const Fd link(bpf_obj_get(link_place.c_str()));
  bpf_link_info link_info{};
  __u32 size = sizeof link_info;
  if (!link.valid() || bpf_obj_get_info_by_fd(link.get(), &link_info, &size) != 0) return 0;
  const Fd program(bpf_prog_get_fd_by_id(link_info.prog_id));
  bpf_prog_info program_info{};
  size = sizeof program_info;
  if (!program.valid() || bpf_obj_get_info_by_fd(program.get(), &program_info, &size) != 0) return 0;
  return program_info.recursion_misses;
}

tl::unexpected<Error> refused_by_kernel(int error) {
  auto failure = fail_errno("cannot load BPF programs", error).value();
  failure.code = Code::policy;
  failure.hint = error == EPERM ? "the engine's service needs CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN" : "";
  return tl::unexpected<Error>(std::move(failure));
}

Result<Object> load() {
  const auto bytes = object();
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = "hardened_record";
  Object loaded(bpf_object__open_mem(bytes.data(), bytes.size(), &options), bpf_object__close);
  if (!loaded) return refused_by_kernel(errno);
  if (libbpf_find_vmlinux_btf_id(optional_tracepoint, BPF_TRACE_RAW_TP) < 0)
    bpf_program__set_autoload(bpf_object__find_program_by_name(loaded.get(), optional_program), false);
  if (const int error = bpf_object__load(loaded.get()); error != 0) return refused_by_kernel(-error);
  return loaded;
}

tl::unexpected<Error> cannot_pin(const std::string& directory, int error) {
  return fail_errno("cannot pin BPF programs in " + directory, error);
}

Status pin(bpf_object* loaded, const std::string& directory) {
  if (::mkdir(place(directory).c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("cannot make " + place(directory), errno);
  for (const char* name : maps) {
    const int error = bpf_map__pin(bpf_object__find_map_by_name(loaded, name), map_path(directory, name).c_str());
    if (error != 0) return cannot_pin(directory, -error);
  }
  for (const char* name : programs) {
    const bpf_program* program = bpf_object__find_program_by_name(loaded, name);
    if (!bpf_program__autoload(program)) continue;
    const int error = bpf_obj_pin(bpf_program__fd(program), program_path(directory, name).c_str());
    if (error != 0) return cannot_pin(directory, -error);
  }
  return {};
}

bool is_optional(const char* program) {
  return std::strcmp(program, optional_program) == 0;
}

bool have_maps(const std::string& directory) {
  return std::all_of(std::begin(maps), std::end(maps),
                     [&](const char* name) { return exists(map_path(directory, name)); });
}

bool are_loaded(const std::string& directory) {
  return have_maps(directory) && std::all_of(std::begin(programs), std::end(programs), [&](const char* name) {
           return is_optional(name) || exists(program_path(directory, name));
         });
}

void unload(const std::string& directory) {
  std::error_code error;
  std::filesystem::remove_all(place(directory), error);
}

Status load_anew(const std::string& directory) {
  unload(directory);  // what another build of this program loaded
  TRY(loaded, load());
  const Status pinned = pin(loaded.get(), directory);
  if (!pinned) unload(directory);
  return pinned;
}

// Whose programs were taken away must not find its run again, as if nothing had been missed.
Status end_all_runs(const std::string& directory) {
  const Fd controls(bpf_obj_get(map_path(directory, "controls").c_str()));
  const record_control none{};
  for (unsigned slot = 0; slot < record_slots; ++slot) {
    const int error = bpf_map_update_elem(controls.get(), &slot, &none, BPF_ANY);
    if (error != 0) return fail_errno("cannot write a BPF map", -error);
  }
  return {};
}

// The kernel knows which tracepoint the program is for since it was loaded.
Status attach(const std::string& directory, const char* name) {
  const Fd program(bpf_obj_get(program_path(directory, name).c_str()));
  if (!program.valid() && is_optional(name)) return {};
  const Fd link(bpf_raw_tracepoint_open(nullptr, program.get()));
  if (!link.valid()) return refused_by_kernel(errno);
  if (bpf_obj_pin(link.get(), link_path(directory, name).c_str()) != 0) return cannot_pin(directory, errno);
  return {};
}

}  // namespace

std::string map_path(const std::string& directory, const std::string& name) {
  return place(directory) + "/" + name;
}

bool sees_capabilities(const std::string& directory) {
  return exists(link_path(directory, optional_program));
}

bool are_attached(const std::string& directory) {
  return std::all_of(std::begin(programs), std::end(programs),
                     [&](const char* name) { return is_optional(name) || exists(link_path(directory, name)); });
}

std::uint64_t missed_events(const std::string& directory) {
  std::uint64_t missed = 0;
  for (const char* program : programs) missed += missed_by(link_path(directory, program));
  return missed;
}

Status attach_programs(const std::string& directory) {
  libbpf_set_print(say_nothing);
  if (!exists(kernel_types))
    return fail(Code::policy, std::string("this kernel does not describe its types: there is no ") + kernel_types,
                "use one built with CONFIG_DEBUG_INFO_BTF");
  TRY_DO(mount_bpf(directory));
  if (are_attached(directory) && have_maps(directory)) return {};
  detach_programs(directory);
  if (!are_loaded(directory)) TRY_DO(load_anew(directory));
  TRY_DO(end_all_runs(directory));
  for (const char* name : programs) {
    const Status attached = attach(directory, name);
    if (!attached) {
      detach_programs(directory);
      return attached;
    }
  }
  return {};
}

void detach_programs(const std::string& directory) {
  for (const char* name : programs) ::unlink(link_path(directory, name).c_str());
}

}  // namespace hardened::record
