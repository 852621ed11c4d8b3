// What argv alone says about the commonest calls, found without a call into any library (see entry.cc).
#pragma once

#include <cstddef>
#include <string_view>

#include "state/plain_key.h"

namespace hardened::runtime {

inline constexpr std::size_t longest_link = 512;  // bytes

// `word` as a view, without strlen(3).
[[nodiscard]] constexpr std::string_view view(const char* word) {
  std::size_t size = 0;
  while (word[size] != '\0') ++size;
  return {word, size};
}

// Without memcmp(3).
[[nodiscard]] constexpr bool same(std::string_view a, const char* b) {
  for (const char c : a) {
    if (c != *b++) return false;
  }
  return *b == '\0';
}

// No tables of pointers: those would have to be relocated first.
template <std::size_t count, std::size_t size>
[[nodiscard]] constexpr bool is_one_of(std::string_view word, const char (&words)[count][size]) {
  for (const auto& candidate : words) {
    if (same(word, candidate)) return true;
  }
  return false;
}

inline constexpr char passed_verbs[][8] = {"delete", "kill", "pause", "resume", "start", "state"};
inline constexpr char passed_flags[][8] = {"-a", "--all", "-f", "--force"};
inline constexpr char global_values[][15] = {"log", "log-format", "log-level", "root"};
inline constexpr char global_switches[][15] = {"debug", "systemd-cgroup"};

[[nodiscard]] constexpr bool is_flag(int argc, const char* const* argv, int at) {
  return at < argc && argv[at][0] == '-' && argv[at][1] != '\0';
}

// Reads the global flags from argv[at] on, moves `at` behind them and keeps the last --root. False for one that is not
// known here.
[[nodiscard]] constexpr bool read_globals(int argc, const char* const* argv, int& at, std::string_view& root) {
  for (; is_flag(argc, argv, at); ++at) {
    const std::string_view word = view(argv[at] + (argv[at][1] == '-' ? 2 : 1));
    if (is_one_of(word, global_switches)) continue;
    std::size_t length = 0;
    for (const char c : word) {
      if (c == '=') break;
      ++length;
    }
    const std::string_view name(word.data(), length);
    std::string_view value;
    if (length != word.size()) {
      value = {word.data() + length + 1, word.size() - length - 1};
    } else if (at + 1 < argc) {
      value = view(argv[++at]);
    }
    if (!is_one_of(name, global_values)) return false;
    if (same(name, "root")) root = value;
  }
  return true;
}

// Moves `at` from behind the verb to the container's id. False where there is none, or a flag that is not known here.
[[nodiscard]] constexpr bool find_id(int argc, const char* const* argv, int& at) {
  for (; is_flag(argc, argv, at); ++at) {
    if (!is_one_of(view(argv[at]), passed_flags)) return false;
  }
  return at < argc;
}

// "<directory>/grants/ab/<key>/runtime", or "<directory>/runtime" for no key, and a NUL. False where that is too long.
[[nodiscard]] constexpr bool write_link(std::string_view directory, std::string_view key, char (&path)[longest_link]) {
  constexpr std::string_view grants("/grants/", 8);
  constexpr std::string_view link(state::runtime_link, sizeof(state::runtime_link));  // and the NUL
  if (directory.size() > longest_link - grants.size() - 4 - state::longest_plain_key - link.size()) return false;
  std::size_t size = 0;
  const auto put = [&](std::string_view text) {
    for (const char c : text) path[size++] = c;
  };
  put(directory);
  if (!key.empty()) {
    put(grants);
    put({key.data(), 2});
    put("/");
    put(key);
  }
  put("/");
  put(link);
  return true;
}

// The path of the link to the runtime (state/key.h) that a call is for, as engines make such calls: of the container's
// for "[GLOBAL FLAGS] --root R [GLOBAL FLAGS] delete|kill|pause|resume|start|state [-a|-f] ID …", of the last one used
// for "--version", below the state `directory`. Writes it and a NUL to `path`. False for anything else: only what
// parse() takes for a pass-through verb with that root and id may be true.
[[nodiscard]] constexpr bool find_runtime_link(int argc, const char* const* argv, std::string_view directory,
                                               char (&path)[longest_link]) {
  char key[state::longest_plain_key + 1] = {};
  if (argc != 2 || !same(view(argv[1]), "--version")) {
    int at = 1;
    std::string_view root;
    if (!read_globals(argc, argv, at, root) || at >= argc || !is_one_of(view(argv[at]), passed_verbs)) return false;
    if (!find_id(argc, argv, ++at) || !state::write_plain_key(root, view(argv[at]), key)) return false;
  }
  return write_link(directory, view(key), path);
}

}  // namespace hardened::runtime
