#include "record/programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <memory>

#include "record/layout.h"
#include "record/object.h"
#include "util/fd.h"
#include "util/file.h"

namespace hardened::record {
namespace {

constexpr char kernel_types[] = "/sys/kernel/btf/vmlinux";
constexpr const char* maps[] = {"inits", "containers", "controls", "progress",
                                "calls", "arguments",  "values",   "capabilities"};
// In the order they are attached: whoever finds the last finds all.
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

Status attach(bpf_object* loaded, const std::string& directory, const char* name) {
  const bpf_program* program = bpf_object__find_program_by_name(loaded, name);
  if (!bpf_program__autoload(program)) return {};
  const std::unique_ptr<bpf_link, int (*)(bpf_link*)> link(bpf_program__attach(program), bpf_link__destroy);
  if (!link) return refused_by_kernel(errno);
  if (const int error = bpf_link__pin(link.get(), link_path(directory, name).c_str()); error != 0)
    return fail_errno("cannot pin a BPF program in " + directory, -error);
  return {};
}

Status pin(bpf_object* loaded, const std::string& directory) {
  if (::mkdir(place(directory).c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("cannot make " + place(directory), errno);
  for (const char* name : maps) {
    const int error = bpf_map__pin(bpf_object__find_map_by_name(loaded, name), map_path(directory, name).c_str());
    if (error != 0) return fail_errno("cannot pin a BPF map in " + directory, -error);
  }
  for (const char* name : programs) TRY_DO(attach(loaded, directory, name));
  return {};
}

}  // namespace

std::string map_path(const std::string& directory, const std::string& name) {
  return place(directory) + "/" + name;
}

bool sees_capabilities(const std::string& directory) {
  return exists(link_path(directory, optional_program));
}

bool are_loaded(const std::string& directory) {
  for (const char* map : maps) {
    if (!exists(map_path(directory, map))) return false;
  }
  for (const char* program : programs) {
    if (program != std::string(optional_program) && !exists(link_path(directory, program))) return false;
  }
  return true;
}

std::uint64_t missed_events(const std::string& directory) {
  std::uint64_t missed = 0;
  for (const char* program : programs) missed += missed_by(link_path(directory, program));
  return missed;
}

Status load_programs(const std::string& directory) {
  libbpf_set_print(say_nothing);
  if (!exists(kernel_types))
    return fail(Code::policy, std::string("this kernel does not describe its types: there is no ") + kernel_types,
                "use one built with CONFIG_DEBUG_INFO_BTF");
  TRY_DO(mount_bpf(directory));
  if (are_loaded(directory)) return {};
  unload_programs(directory);
  TRY(loaded, load());
  const Status pinned = pin(loaded.get(), directory);
  if (!pinned) unload_programs(directory);
  return pinned;
}

void unload_programs(const std::string& directory) {
  for (const char* name : programs) ::unlink(link_path(directory, name).c_str());
  for (const char* name : maps) ::unlink(map_path(directory, name).c_str());
  ::rmdir(place(directory).c_str());
}

}  // namespace hardened::record
