// faults TRACE [PROCESS.CALL FAULT] -- PROGRAM ARGUMENT...: runs PROGRAM with one fault at one of its system calls.
// Calls are counted from 1 for each process: process 0 is PROGRAM, 1 the first that it makes, and so on. Who executes
// another program is no longer looked at: execve is its last call. FAULT is "before" or "after", where the process is
// killed, or the name of an errno: then the kernel never sees the call (brk is made to fail as it does: with no errno).
// Writes to TRACE a line for each call, "PROCESS.CALL NUMBER", and one, "hit", for the fault. Ends as PROGRAM does,
// with 128 and the signal if that ended it; by SIGALRM where it does not end.
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace {

constexpr unsigned patience = 20;  // seconds

enum class Kind { none, before, after, failure };

struct Fault {
  std::string point;
  Kind kind = Kind::none;
  int error = 0;
};

struct Process {
  int index = -1;       // in the order of their making
  long calls = 0;       // begun
  bool inside = false;  // of a call
  bool hit = false;     // by the fault, in this call
  bool grows = false;   // its heap, in this call (brk)
  long argument = 0;    // of that, to be put back
  bool made = false;    // it has stopped for the first time
};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "faults: cannot %s: %s\n", what, strerrorname_np(errno));
  std::exit(125);
}

Fault fault_from(const char* point, std::string_view name) {
  if (name == "before") return {point, Kind::before, 0};
  if (name == "after") return {point, Kind::after, 0};
  for (int error = 1; error < 134; ++error) {
    const char* const known = strerrorname_np(error);
    if (known != nullptr && name == known) return {point, Kind::failure, error};
  }
  std::fprintf(stderr, "faults: there is no errno %s\n", std::string(name).c_str());
  std::exit(2);
}

void ask(__ptrace_request request, pid_t pid, unsigned long address, unsigned long data, const char* what) {
  // Whoever was killed meanwhile cannot be asked any more; its end comes next.
  if (ptrace(request, pid, address, data) != 0 && errno != ESRCH) give_up(what);
}

void set_register(pid_t pid, std::size_t offset, long value) {
  ask(PTRACE_POKEUSER, pid, offset, static_cast<unsigned long>(value), "change a register");
}

class Driver {
 public:
  Driver(std::FILE* trace, Fault fault) : trace_(trace), fault_(std::move(fault)) {}

  int run(char** argv) {
    first_ = fork();
    if (first_ < 0) give_up("make a process");
    alarm(patience);  // whoever is traced dies with us
    if (first_ == 0) {
      ptrace(PTRACE_TRACEME, 0, 0, 0);
      raise(SIGSTOP);
      execv(argv[0], argv);
      give_up("run the program");
    }
    await_program();
    for (;;) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, __WALL);
      if (pid < 0) return result_;
      if (WIFSTOPPED(status)) {
        stopped(pid, status);
      } else if (pid == first_) {
        result_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
  }

 private:
  // From the stop of the child to its first instruction as PROGRAM.
  void await_program() {
    int status = 0;
    if (waitpid(first_, &status, 0) != first_ || !WIFSTOPPED(status)) give_up("trace the program");
    ask(PTRACE_SETOPTIONS, first_, 0,
        PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
            PTRACE_O_TRACECLONE,
        "trace the program");
    ask(PTRACE_CONT, first_, 0, 0, "start the program");
    if (waitpid(first_, &status, 0) != first_ || status >> 8 != (SIGTRAP | (PTRACE_EVENT_EXEC << 8)))
      give_up("run the program");
    processes_[first_] = {.index = next_++, .inside = true, .made = true};  // about to leave execve
    resume(first_, 0);
  }

  void stopped(pid_t pid, int status) {
    Process& process = processes_[pid];
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    if (event == PTRACE_EVENT_EXEC) return replaced(pid, process);
    if (event != 0) {
      unsigned long made = 0;
      ask(PTRACE_GETEVENTMSG, pid, 0, reinterpret_cast<unsigned long>(&made), "ask for the new process");
      Process& child = processes_[static_cast<pid_t>(made)];
      child.index = next_++;
      if (child.made) resume(static_cast<pid_t>(made), 0);  // it stopped before its parent did
      return resume(pid, 0);
    }
    if (!process.made) {
      process.made = true;
      if (process.index >= 0) resume(pid, 0);
      return;
    }
    if (signal != (SIGTRAP | 0x80)) return resume(pid, signal);
    process.inside = !process.inside;
    process.inside ? entered(pid, process) : left(pid, process);
    resume(pid, 0);
  }

  void entered(pid_t pid, Process& process) {
    const long number = ptrace(PTRACE_PEEKUSER, pid, offsetof(user, regs.orig_rax), 0);
    const std::string point = std::to_string(process.index) + "." + std::to_string(++process.calls);
    std::fprintf(trace_, "%s %ld\n", point.c_str(), number);
    process.hit = fault_.kind != Kind::none && point == fault_.point;
    if (!process.hit) return;
    if (fault_.kind == Kind::before) hit(pid);
    process.grows = number == SYS_brk;
    if (fault_.kind != Kind::failure) return;
    if (process.grows) {
      // It never says why it failed: what it gives back is the end of the heap as it was.
      process.argument = ptrace(PTRACE_PEEKUSER, pid, offsetof(user, regs.rdi), 0);
      set_register(pid, offsetof(user, regs.rdi), 0);
    } else {
      set_register(pid, offsetof(user, regs.orig_rax), -1);
    }
  }

  void left(pid_t pid, Process& process) {
    if (!process.hit) return;
    process.hit = false;
    if (fault_.kind == Kind::failure && process.grows) {
      set_register(pid, offsetof(user, regs.rdi), process.argument);
    } else if (fault_.kind == Kind::failure) {
      set_register(pid, offsetof(user, regs.rax), -fault_.error);
    }
    hit(pid);
  }

  // It is another program now, and runs on by itself.
  void replaced(pid_t pid, const Process& process) {
    if (process.hit) hit(pid);
    ask(PTRACE_DETACH, pid, 0, 0, "let go of the program");
    processes_.erase(pid);
  }

  void hit(pid_t pid) {
    std::fputs("hit\n", trace_);
    if (fault_.kind != Kind::failure) kill(pid, SIGKILL);
  }

  static void resume(pid_t pid, int signal) {
    ask(PTRACE_SYSCALL, pid, 0, static_cast<unsigned long>(signal), "go on");
  }

  std::FILE* trace_;
  Fault fault_;
  pid_t first_ = 0;
  int next_ = 0;
  int result_ = 125;
  std::map<pid_t, Process> processes_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool faulty = argc > 5 && std::string_view(argv[4]) == "--";
  if (!faulty && (argc < 4 || std::string_view(argv[2]) != "--")) {
    std::fputs("usage: faults TRACE [PROCESS.CALL before|after|ERRNO] -- PROGRAM ARGUMENT...\n", stderr);
    return 2;
  }
  std::FILE* const trace = std::fopen(argv[1], "we");
  if (trace == nullptr) give_up("write the trace");
  Driver driver(trace, faulty ? fault_from(argv[2], argv[3]) : Fault{});
  const int result = driver.run(argv + (faulty ? 5 : 3));
  return std::fclose(trace) == 0 ? result : 125;
}
