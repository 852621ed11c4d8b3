// Runs inside containers and asks the kernel directly what a process there may do.
//   probe call NUMBER [ARGUMENT...] [+ NUMBER [ARGUMENT...]]...
//                                     makes system calls one after the other: prints "ok" or the errno's name for each.
//                                     An argument is a number, hex:BYTES (passed by address) or text (the same)
//   probe euid                        prints the effective user id (installed set-user-ID: did execve(2) give it?)
//   probe socket FAMILY TYPE PROTOCOL prints "ok" or the errno's name
//   probe handle FILE                 prints the file's handle for open_by_handle_at(2), as hex:BYTES
//   probe serve NAME                  listens on the abstract socket NAME and prints the user id of the first caller
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <string>
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

long address(const void* bytes) {
  return reinterpret_cast<long>(bytes);
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (; digits.size() >= 2; digits.remove_prefix(2))
    bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(0, 2)), nullptr, 16)));
  return bytes;
}

// What an argument points to must outlive the calls: a later one may read what an earlier one was given.
long argument(const char* word) {
  static std::list<std::string> kept;
  if (std::isdigit(static_cast<unsigned char>(*word)) != 0 || *word == '-') return number(word);
  const std::string_view text = word;
  if (!text.starts_with("hex:")) return address(word);
  return address(kept.emplace_back(from_hex(text.substr(4))).data());
}

int call(int count, char** words) {
  std::array<long, 7> values{};
  for (int i = 0; i < count && i < 7; ++i) values[static_cast<std::size_t>(i)] = argument(words[i]);
  return report(syscall(values[0], values[1], values[2], values[3], values[4], values[5], values[6]));
}

int calls(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);  // a call may write there itself
  int failed = 0;
  for (char** const end = words + count; words < end;) {
    char** const next = std::find(words, end, std::string_view("+"));
    failed |= call(static_cast<int>(next - words), words);
    words = next + 1;
  }
  return failed;
}

int open_socket(char** words) {
  return report(socket(static_cast<int>(number(words[0])), static_cast<int>(number(words[1])),
                       static_cast<int>(number(words[2]))));
}

int euid(char**) {
  std::printf("%u\n", geteuid());
  return 0;
}

int handle(char** words) {
  alignas(file_handle) std::array<unsigned char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes{};
  auto* const found = reinterpret_cast<file_handle*>(bytes.data());
  found->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, words[0], found, &mount, 0) != 0) return report(-1);
  std::fputs("hex:", stdout);
  for (std::size_t i = 0; i < sizeof(file_handle) + found->handle_bytes; ++i) std::printf("%02x", bytes[i]);
  std::puts("");
  return 0;
}

int serve(char** words) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::size_t length = std::string_view(words[0]).copy(name.sun_path + 1, sizeof name.sun_path - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&name),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length)) != 0 ||
      listen(listener, 1) != 0)
    return report(-1);
  ucred caller{};
  socklen_t size = sizeof caller;
  if (getsockopt(accept(listener, nullptr, nullptr), SOL_SOCKET, SO_PEERCRED, &caller, &size) != 0) return report(-1);
  std::printf("%u\n", caller.uid);
  return 0;
}

struct Verb {
  std::string_view name;
  int words;  // it takes
  int (*run)(char** words);
};

constexpr Verb verbs[] = {{"euid", 0, euid}, {"socket", 3, open_socket}, {"handle", 1, handle}, {"serve", 1, serve}};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "call" && argc > 2) return calls(argc - 2, argv + 2);
  for (const Verb& verb : verbs) {
    if (name == verb.name && argc - 2 == verb.words) return verb.run(argv + 2);
  }
  std::fputs(
      "usage: probe call NUMBER [ARGUMENT...] [+ ...] | euid | socket FAMILY TYPE PROTOCOL | handle FILE | serve "
      "NAME\n",
      stderr);
  return 2;
}
