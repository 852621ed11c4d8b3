// Errors are values. A function that can fail returns Result<T>; context is added once, on the way up.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace hardened {

// What kind of failure this is; decides the wording and the exit status, never the flow.
enum class Code {
  usage,     // the command line cannot be understood
  io,        // the system refused something
  syntax,    // a document is malformed
  policy,    // a policy, profile or waiver says something impossible
  refused,   // the policy forbids what was asked; the message is complete
  internal,  // a promise of ours was broken; always refuses
};

struct Error {
  Code code = Code::internal;
  std::string message;  // "cannot …", lower case, no full stop
  std::string hint;     // how to mend it; may be empty

  // The same failure seen from one level up: "cannot load policy X: <message>".
  [[nodiscard]] Error because(const std::string& context) && {
    message = context + ": " + message;
    return std::move(*this);
  }
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

// A failed system call: "cannot open X (ENOENT)". The symbolic name, never strerror(): dockerd maps the substrings
// "no such file or directory" and "permission denied" of a runtime's error to exit status 127 and 126 (moby
// daemon/errors.go).
[[nodiscard]] tl::unexpected<Error> fail_errno(const std::string& what, int error, Code code = Code::io);

}  // namespace hardened

// TRY(name, expression): unwraps a Result into a new variable, or returns its error.
#define HARDENED_JOIN_(a, b) a##b
#define HARDENED_JOIN(a, b) HARDENED_JOIN_(a, b)
#define TRY(name, ...)                                                                            \
  auto HARDENED_JOIN(try_, __LINE__) = (__VA_ARGS__);                                             \
  if (!HARDENED_JOIN(try_, __LINE__))                                                             \
    return ::tl::unexpected<::hardened::Error>(std::move(HARDENED_JOIN(try_, __LINE__)).error()); \
  auto name = *std::move(HARDENED_JOIN(try_, __LINE__))
// TRY_DO(expression): the same for a Status, or where the value is not needed.
#define TRY_DO(...)                                                                                   \
  do {                                                                                                \
    auto try_do_result = (__VA_ARGS__);                                                               \
    if (!try_do_result) return ::tl::unexpected<::hardened::Error>(std::move(try_do_result).error()); \
  } while (false)
