// A program whose system calls are known, for training mode to record.
//   trained basic DIRECTORY  makes a file and removes it, a socket, a child; ends
//   trained phases           calls uname at once, getsid after the start, times when it is asked to end
//   trained exec             calls getpriority
//   trained thread           has a thread call getpriority
//   trained unshare PROGRAM  executes PROGRAM in a mount namespace of its own
//   trained i386             makes getpid's call of the 32-bit ABI
//   trained ioctls COUNT     makes COUNT different requests of ioctl
//   trained calls COUNT      calls getppid COUNT times
//   trained capabilities     gives a file away, and asks for a precedence that it may not have
//   trained nothing          ends
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>

namespace {

int basic(const char* directory) {
  const std::string file = std::string(directory) + "/trained";
  const int made = open(file.c_str(), O_CREAT | O_WRONLY, 0600);
  if (made < 0 || fchown(made, 1, 1) != 0 || unlink(file.c_str()) != 0) return 1;
  if (socket(AF_UNIX, SOCK_STREAM, 0) < 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    sched_yield();
    _exit(0);
  }
  return waitpid(child, nullptr, 0) == child ? 0 : 1;
}

int phases() {
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  utsname names{};
  uname(&names);
  const timespec start_and_more{1, 200'000'000};
  nanosleep(&start_and_more, nullptr);
  getsid(0);
  std::puts("serving");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&end, &signal);
  tms used{};
  times(&used);
  return 0;
}

int exec() {
  errno = 0;
  getpriority(PRIO_PROCESS, 0);
  return errno;
}

int thread() {
  std::thread(exec).join();
  return 0;
}

int unshared(const char* program) {
  if (unshare(CLONE_NEWNS) != 0) return 1;
  execl(program, program, "exec", nullptr);
  return 1;
}

int i386() {
  int result = 20;  // getpid
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result == getpid() ? 0 : 1;
}

int calls(int count) {
  for (int i = 0; i < count; ++i) getppid();
  return 0;
}

int ioctls(int count) {
  for (int request = 0; request < count; ++request) ioctl(-1, static_cast<unsigned long>(request));
  return 0;
}

int capabilities() {
  if (chown("/home/user", 5, 5) != 0) return 1;
  return setpriority(PRIO_PROCESS, 0, -5) == 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::string what = argc > 1 ? argv[1] : "nothing";
  if (what == "basic" && argc > 2) return basic(argv[2]);
  if (what == "phases") return phases();
  if (what == "exec") return exec();
  if (what == "thread") return thread();
  if (what == "unshare" && argc > 2) return unshared(argv[2]);
  if (what == "i386") return i386();
  if (what == "ioctls" && argc > 2) return ioctls(std::atoi(argv[2]));
  if (what == "calls" && argc > 2) return calls(std::atoi(argv[2]));
  if (what == "capabilities") return capabilities();
  return what == "nothing" ? 0 : 2;
}
