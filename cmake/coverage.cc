// Linked into coverage builds alone, in front of the C library: what a process has counted is written before it becomes
// another program, and where it ends without cleaning up. (GCC would do the former, but for strict C++ it knows no
// execve.)
#include <unistd.h>

extern "C" {

void __gcov_dump();
void __gcov_reset();
int __real_execve(const char* path, char* const argv[], char* const envp[]);
[[noreturn]] void __real__exit(int status);

int __wrap_execve(const char* path, char* const argv[], char* const envp[]) {
  __gcov_dump();
  __gcov_reset();  // or what comes after a failure would not be written
  return __real_execve(path, argv, envp);
}

[[noreturn]] void __wrap__exit(int status) {
  __gcov_dump();
  __real__exit(status);
}
}
