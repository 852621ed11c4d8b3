// Others' logs: no text may crash the reader, every line has one account, and how the text is cut means nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "generate/log_import.h"

namespace {

using hardened::generate::LogFormat;
using hardened::generate::LogImport;

LogImport read(LogFormat format, std::string_view text, std::size_t piece) {
  LogImport import(format, "SCMP_ARCH_X86_64", {"*"});
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) import.feed(text.substr(0, piece));
  import.finish();
  return import;
}

void expect_one_account(LogFormat format, std::string_view text) {
  const LogImport whole = read(format, text, text.size() + 1);
  const LogImport cut = read(format, text, 3);
  const auto& account = whole.account();
  const auto sum =
      account.used + account.other + account.damaged + account.foreign + account.unwanted + account.too_long;
  if (account.lines != sum || cut.account().lines != account.lines || cut.account().used != account.used) std::abort();
  const auto run = whole.run("x");
  if (run.run != cut.run("x").run || run.syscalls.empty() != (account.used == 0)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const LogFormat format : {LogFormat::audit, LogFormat::strace}) expect_one_account(format, text);
  return 0;
}
