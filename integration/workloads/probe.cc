// Runs inside containers and asks the kernel directly what a process there may do.
//   probe call NUMBER [ARGUMENT...]   makes one system call: prints "ok" or the errno's name
//   probe euid                        prints the effective user id (installed set-user-ID: did execve(2) give it?)
//   probe socket FAMILY TYPE PROTOCOL prints "ok" or the errno's name
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

int report(long result) {
  if (result < 0) {
    std::puts(strerrorname_np(errno));
    return 1;
  }
  std::puts("ok");
  return 0;
}

long number(const char* text) {
  return static_cast<long>(std::strtoul(text, nullptr, 0));
}

int call(int count, char** words) {
  std::array<long, 7> values{};
  for (int i = 0; i < count && i < 7; ++i) values[static_cast<std::size_t>(i)] = number(words[i]);
  return report(syscall(values[0], values[1], values[2], values[3], values[4], values[5], values[6]));
}

int open_socket(char** words) {
  return report(socket(static_cast<int>(number(words[0])), static_cast<int>(number(words[1])),
                       static_cast<int>(number(words[2]))));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "call" && argc > 2) return call(argc - 2, argv + 2);
  if (verb == "socket" && argc == 5) return open_socket(argv + 2);
  if (verb == "euid") {
    std::printf("%u\n", geteuid());
    return 0;
  }
  std::fputs("usage: probe call NUMBER [ARGUMENT...] | euid | socket FAMILY TYPE PROTOCOL\n", stderr);
  return 2;
}
