// counted PROGRAM [ARGUMENT...]: prints how many instructions it executes until it becomes another program or ends, as
// PTRACE_SINGLESTEP counts them: the same on a busy machine and an idle one. Children are not counted. Its own output
// goes to standard error.
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>

namespace {

[[noreturn]] void become(char** command) {
  dup2(STDERR_FILENO, STDOUT_FILENO);
  personality(ADDR_NO_RANDOMIZE);  // or a hash of an address counts otherwise each time
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  std::raise(SIGSTOP);
  execv(command[0], command);
  _exit(127);
}

bool became_another(int status) {
  return status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXEC << 8));
}

bool wait_for_stop(pid_t child, int& status) {
  return waitpid(child, &status, 0) == child && WIFSTOPPED(status);
}

// Nothing: the program was never begun.
bool begin(pid_t child) {
  int status = 0;
  if (!wait_for_stop(child, status)) return false;
  if (ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC) != 0) return false;
  return ptrace(PTRACE_CONT, child, nullptr, nullptr) == 0 && wait_for_stop(child, status) && became_another(status);
}

std::uint64_t count(pid_t child) {
  std::uint64_t instructions = 0;
  int status = 0;
  for (long signal = 0; ptrace(PTRACE_SINGLESTEP, child, nullptr, signal) == 0; ++instructions) {
    if (!wait_for_stop(child, status) || became_another(status)) break;
    signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
  }
  return instructions;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const pid_t child = fork();
  if (child == 0) become(argv + 1);
  if (child < 0 || !begin(child)) return 1;
  std::printf("%ju\n", static_cast<std::uintmax_t>(count(child)));
  return 0;
}
