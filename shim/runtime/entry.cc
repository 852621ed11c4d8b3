// Where the kernel enters this program, before the C library: most calls of a runtime only pass through, and the start
// of a static glibc asks the processor some thirty questions (CPUID), each of which leaves a virtual machine: half a
// millisecond where machines are nested, more than all the rest of such a call. Nothing here may need a relocation, an
// indirect function or the thread's storage (cmake/check_entry.cmake looks at the object file). Whatever is unusual
// goes the long way: _start, main, pass_through(), which decides the same (a fuzz target compares them).
#include <asm/unistd.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/early.h"
#include "util/paths.h"

namespace {

using namespace hardened;

long call(long number, const void* first, const void* second, const void* third, long fourth = 0) {
  long result = 0;
  register long r10 __asm__("r10") = fourth;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

bool status_of(const char* path, struct stat& status) {
  return call(__NR_stat, path, &status, nullptr) == 0;
}

bool is_file(const char* path, const struct stat& status) {
  struct stat other;  // filled by the kernel
  return status_of(path, other) && other.st_dev == status.st_dev && other.st_ino == status.st_ino;
}

// As is_usable_runtime().
bool is_usable(const char* path) {
  struct stat status;  // filled by the kernel
  return status_of(path, status) && S_ISREG(status.st_mode) && (status.st_mode & 0111U) != 0 &&
         !is_file("/proc/self/exe", status) && !is_file(paths::program, status);
}

}  // namespace

// Takes the stack as the kernel leaves it (x86-64 psABI 3.4.1): argc, argv, NULL, environment. Returns when the call
// goes the long way.
extern "C" __attribute__((used, visibility("hidden"))) void hardened_early(char** stack) {
  const auto argc = static_cast<int>(reinterpret_cast<long>(stack[0]));
  char** argv = stack + 1;
  char path[runtime::longest_link];
  if (argc < 1 || !runtime::find_runtime_link(argc, argv, runtime::view(paths::state), path) || !is_usable(path))
    return;
  call(__NR_execve, path, argv, argv + argc + 1);
}

// rdx is what _start registers with atexit(3): nothing, in a static program.
__asm__(R"(
  .text
  .globl hardened_entry
  .hidden hardened_entry
  .type hardened_entry, @function
hardened_entry:
  endbr64
  xorl %ebp, %ebp
  movq %rsp, %rbx
  movq %rsp, %rdi
  andq $-16, %rsp
  call hardened_early
  movq %rbx, %rsp
  xorl %edx, %edx
  jmp _start
  .size hardened_entry, . - hardened_entry
)");
