// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What a container's programs ask of the kernel, kept in maps of fixed size: a call is a byte, so none can be lost to a
// full buffer. Who belongs to a container is known by task, not by name: the process that waits to become its
// first program is marked when it does, whoever executes a program in that one's mount namespace later is, too, and
// children inherit the mark, wherever they unshare to. What the runtime does before is therefore never recorded.
//
// Only raw and BTF tracepoints: they load where BPF LSM, fentry and kprobes do not. The structures name just the
// members that are read; the loader finds them in the running kernel's BTF.

// The first has the types that the others use.
// clang-format off
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>
// clang-format on

#include "record/layout.h"

#define RELOCATED __attribute__((preserve_access_index))

struct thread_info {
  unsigned status;
} RELOCATED;
struct ns_common {
  unsigned long long ns_id;  // since Linux 6.18
} RELOCATED;
struct mnt_namespace {
  struct ns_common ns;
} RELOCATED;
struct mnt_namespace___until_6_17 {
  unsigned long long seq;
} RELOCATED;
struct nsproxy {
  struct mnt_namespace* mnt_ns;
} RELOCATED;
struct user_namespace {
  int level;
} RELOCATED;
struct cred {
  struct user_namespace* user_ns;
} RELOCATED;
struct task_struct {
  struct thread_info thread_info;
  int tgid;
  unsigned long long start_boottime;
  const struct cred* real_cred;
  struct nsproxy* nsproxy;
} RELOCATED;
struct pt_regs {
  unsigned long bx, cx, di, si;
} RELOCATED;

enum { status_compat = 2, x32_bit = 0x40000000, eperm = 1 };
enum { cap_sys_admin = 21, cap_sys_resource = 24 };
const unsigned long long start_lasts = 1000000000ULL;  // nanoseconds
const unsigned long long clock_tick = 10000000ULL;     // nanoseconds; USER_HZ is 100 on x86

// A task of an application.
struct mark {
  unsigned long long run;
  unsigned slot;
  unsigned entered;  // brought in by exec, or a child of such a one
  unsigned abi;      // of the call it is in
  unsigned number;
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct mark);
} marks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, record_slots);
  __type(key, unsigned);  // a process, by its number on the host
  __type(value, struct record_init);
} inits SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, record_slots);
  __type(key, unsigned long long);  // mount namespace
  __type(value, unsigned);
} containers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, record_slots);
  __type(key, unsigned);
  __type(value, struct record_control);
} controls SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, record_slots);
  __type(key, unsigned);
  __type(value, struct record_progress);
} progress SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, record_slots* record_phases* record_abis);
  __type(key, unsigned);
  __type(value, struct record_calls);
} calls SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, record_slots* record_arguments);
  __type(key, unsigned);
  __type(value, struct record_argument_state);
} arguments SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, record_value_rows);
  __type(key, struct record_value_key);
  __type(value, unsigned);
} values SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, record_capability_rows);
  __type(key, struct record_capability_key);
  __type(value, unsigned long long);
} capabilities SEC(".maps");

// The mark of the current task, where its run still has the slot.
static __always_inline struct mark* mark_of(struct task_struct* task, struct record_control** control) {
  struct mark* mark = bpf_task_storage_get(&marks, task, 0, 0);
  if (!mark) return 0;
  *control = bpf_map_lookup_elem(&controls, &mark->slot);
  return *control && (*control)->run == mark->run ? mark : 0;
}

static __always_inline void count_lost_task(unsigned slot) {
  struct record_progress* state = bpf_map_lookup_elem(&progress, &slot);
  if (state) __sync_fetch_and_add(&state->lost_tasks, 1);
}

// Never that of another one: inode numbers of namespaces are used again at once, also by a runtime that makes the next
// container while the last one's end is not seen to yet.
static __always_inline unsigned long long identity_of(struct mnt_namespace* mount_namespace) {
  if (bpf_core_field_exists(mount_namespace->ns.ns_id)) return mount_namespace->ns.ns_id;
  return ((struct mnt_namespace___until_6_17*)mount_namespace)->seq;
}

// The slot whose first program the task begins; 0 for none. A later process may have the same number: were it one of
// the host, all that the host executes would be taken for the container's.
static __always_inline unsigned* slot_that_begins(const struct task_struct* task) {
  const unsigned process = (unsigned)task->tgid;
  struct record_init* init = bpf_map_lookup_elem(&inits, &process);
  if (!init || init->start_time != task->start_boottime / clock_tick) return 0;
  struct record_progress* state = bpf_map_lookup_elem(&progress, &init->slot);
  return state && !state->first_program ? &init->slot : 0;
}

static __always_inline void put_mark(struct task_struct* task, unsigned slot, unsigned entered) {
  struct record_control* control = bpf_map_lookup_elem(&controls, &slot);
  if (!control || control->run == 0) return;
  struct mark* mark = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!mark) {
    count_lost_task(slot);
    return;
  }
  mark->run = control->run;
  mark->slot = slot;
  mark->entered = entered;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(program_begins, struct task_struct* task) {
  struct record_control* control = 0;
  if (mark_of(task, &control)) return 0;
  unsigned long long mount_namespace = identity_of(task->nsproxy->mnt_ns);
  unsigned* slot = slot_that_begins(task);
  if (slot) {
    struct record_progress* state = bpf_map_lookup_elem(&progress, slot);
    if (state) state->first_program = bpf_ktime_get_ns();
    if (bpf_map_update_elem(&containers, &mount_namespace, slot, BPF_ANY)) count_lost_task(*slot);
    put_mark(task, *slot, 0);
    return 0;
  }
  slot = bpf_map_lookup_elem(&containers, &mount_namespace);
  if (slot) put_mark(task, *slot, 1);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(task_begins, struct task_struct* parent, struct task_struct* child) {
  struct record_control* control = 0;
  struct mark* mark = mark_of(parent, &control);
  if (!mark) return 0;
  struct mark copy = *mark;
  struct mark* inherited = bpf_task_storage_get(&marks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (inherited) {
    *inherited = copy;
  } else {
    count_lost_task(copy.slot);
  }
  return 0;
}

static __always_inline unsigned phase_of(const struct mark* mark, const struct record_control* control,
                                         struct record_progress* state) {
  if (mark->entered) return record_exec;
  if (control->stopping) return record_stop;
  if (state->serving) return record_serve;
  if (bpf_ktime_get_ns() - state->first_program < start_lasts) return record_start;
  state->serving = 1;
  return record_serve;
}

static __always_inline enum record_argument native_argument(unsigned number) {
  switch (number) {
    case 41:
      return record_socket_family;
    case 56:
      return record_clone_flags;
    case 272:
      return record_unshare_flags;
    case 308:
      return record_setns_type;
    case 135:
      return record_personality;
    case 157:
      return record_prctl_option;
    case 16:
    case 514:  // x32
      return record_ioctl_request;
    default:
      return record_no_argument;
  }
}

static __always_inline enum record_argument i386_argument(unsigned number) {
  switch (number) {
    case 359:
      return record_socket_family;
    case 120:
      return record_clone_flags;
    case 310:
      return record_unshare_flags;
    case 346:
      return record_setns_type;
    case 136:
      return record_personality;
    case 172:
      return record_prctl_option;
    case 54:
      return record_ioctl_request;
    default:
      return record_no_argument;
  }
}

static __always_inline void keep_value(unsigned slot, unsigned argument, unsigned long long value) {
  struct record_value_key key = {slot, argument, value};
  unsigned place = slot * record_arguments + argument;
  struct record_argument_state* state = bpf_map_lookup_elem(&arguments, &place);
  if (!state || state->any || bpf_map_lookup_elem(&values, &key)) return;
  unsigned one = 1;
  if (state->values >= record_values || bpf_map_update_elem(&values, &key, &one, BPF_ANY)) {
    state->any = 1;
  } else {
    __sync_fetch_and_add(&state->values, 1);
  }
}

static __always_inline void keep_argument(const struct mark* mark, const struct pt_regs* registers) {
  const bool i386 = mark->abi == record_i386;
  const enum record_argument argument = i386 ? i386_argument(mark->number) : native_argument(mark->number);
  if (argument == record_no_argument) return;
  const bool second = argument == record_setns_type || argument == record_ioctl_request;
  unsigned long long value;
  if (i386) {
    value = second ? registers->cx : registers->bx;
  } else {
    value = second ? registers->si : registers->di;
  }
  // The kernel reads an int or an unsigned int, whatever the upper half of the register holds.
  const bool is_long = argument == record_clone_flags || argument == record_unshare_flags;
  keep_value(mark->slot, argument, i386 || !is_long ? (unsigned)value : value);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(call_begins, struct pt_regs* registers, long id) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct record_control* control = 0;
  struct mark* mark = mark_of(task, &control);
  if (!mark) return 0;
  struct record_progress* state = bpf_map_lookup_elem(&progress, &mark->slot);
  if (!state) return 0;
  const unsigned given = (unsigned)id;
  const bool i386 = task->thread_info.status & status_compat;
  mark->abi = i386 ? record_i386 : given & x32_bit ? record_x32 : record_native;
  mark->number = i386 ? given : given & ~(unsigned)x32_bit;
  if (mark->number >= record_numbers) return 0;  // no system call has such a number
  unsigned place = (mark->slot * record_phases + phase_of(mark, control, state)) * record_abis + mark->abi;
  struct record_calls* row = bpf_map_lookup_elem(&calls, &place);
  if (row) row->seen[mark->number & (record_numbers - 1)] = 1;
  keep_argument(mark, registers);
  return 0;
}

// The kernel asks for these two wherever memory is charged or a task made; whoever lacks them notices nothing.
static __always_inline bool is_memory_call(const struct mark* mark) {
  if (mark->abi == record_i386) {
    switch (mark->number) {
      case 11:   // execve
      case 45:   // brk
      case 90:   // mmap
      case 125:  // mprotect
      case 163:  // mremap
      case 192:  // mmap2
      case 358:  // execveat
        return true;
      default:
        return false;
    }
  }
  switch (mark->number) {
    case 9:    // mmap
    case 10:   // mprotect
    case 12:   // brk
    case 25:   // mremap
    case 59:   // execve
    case 322:  // execveat
    case 520:  // execve, x32
    case 545:  // execveat, x32
      return true;
    default:
      return false;
  }
}

static __always_inline bool is_task_call(const struct mark* mark) {
  const unsigned number = mark->number;
  if (mark->abi == record_i386) return number == 2 || number == 120 || number == 190 || number == 435;
  return (number >= 56 && number <= 58) || number == 435;  // clone, fork, vfork, clone3
}

// Overlayfs asks a second time with the credentials of whoever mounted it, and others ask with a file's. Only access(2)
// has the task's own judged in a copy.
static __always_inline bool is_own(const struct mark* mark, const struct task_struct* task, const struct cred* cred) {
  const struct cred* own = task->real_cred;
  if (cred == own) return true;
  const unsigned number = mark->number;
  const bool access = mark->abi == record_i386 ? number == 33 || number == 307 || number == 439
                                               : number == 21 || number == 269 || number == 439;
  return access && cred->user_ns == own->user_ns;
}

// Reading and writing charge memory, too, where the file is a tmpfs's: then the kernel asks the host's user namespace.
static __always_inline bool is_noise(const struct mark* mark, const struct cred* cred, struct user_namespace* target,
                                     int capability) {
  if (capability != cap_sys_admin && capability != cap_sys_resource) return false;
  if (target->level == 0 && cred->user_ns->level != 0) return true;
  return is_task_call(mark) || (capability == cap_sys_admin && is_memory_call(mark));
}

SEC("tp_btf/cap_capable")
int BPF_PROG(capability_asked, const struct cred* cred, struct user_namespace* target,
             const struct user_namespace* capable, int capability, int result) {
  struct record_control* control = 0;
  struct task_struct* task = bpf_get_current_task_btf();
  struct mark* mark = mark_of(task, &control);
  if (!mark || !is_own(mark, task, cred) || is_noise(mark, cred, target, capability)) return 0;
  struct record_capability_key key = {mark->slot, mark->abi, mark->number, (unsigned)capability, result == 0};
  unsigned long long* count = bpf_map_lookup_elem(&capabilities, &key);
  unsigned long long none = 0;
  if (!count) {
    bpf_map_update_elem(&capabilities, &key, &none, BPF_NOEXIST);
    count = bpf_map_lookup_elem(&capabilities, &key);
  }
  if (count) {
    __sync_fetch_and_add(count, 1);
    return 0;
  }
  struct record_progress* state = bpf_map_lookup_elem(&progress, &mark->slot);
  if (state) __sync_fetch_and_add(&state->lost_capabilities, 1);
  return 0;
}

// The clock and the current task are for programs of this licence only.
char licence[] SEC("license") = "GPL";
