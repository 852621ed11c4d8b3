// calls KIND COUNT: prints how many milliseconds a million system calls of a kind take.
//   allowed   getppid, which every filter lets through by its number alone
//   checked   socket(AF_UNIX, …), which our filters let through by its argument, with a type that no socket has
//   denied    acct, which filters refuse, and so does the kernel without CAP_SYS_PACCT
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

bool call(const std::string& kind) {
  constexpr int no_type = -1;
  if (kind == "allowed") return getppid() >= 0;
  if (kind == "checked") return socket(AF_UNIX, no_type, 0) < 0;
  return acct(nullptr) != 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string kind = argv[1];
  const long count = std::atol(argv[2]);
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  for (long i = 0; i < count; ++i) {
    if (!call(kind)) return 1;
  }
  const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
  std::printf("%.3f\n", took.count() * 1e6 / static_cast<double>(count));
  return 0;
}
