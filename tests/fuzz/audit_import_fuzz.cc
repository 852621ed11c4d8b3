// Audit logs: no text may crash the reader, every line has one account, and how the text is cut means nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "generate/audit_import.h"

namespace {

using hardened::generate::AuditImport;

AuditImport read(std::string_view text, std::size_t piece) {
  AuditImport import({"*"});
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) import.feed(text.substr(0, piece));
  import.finish();
  return import;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const AuditImport whole = read(text, size + 1);
  const AuditImport cut = read(text, 3);
  const auto& account = whole.account();
  const auto sum =
      account.used + account.other + account.damaged + account.foreign + account.unwanted + account.too_long;
  if (account.lines != sum || cut.account().lines != account.lines || cut.account().used != account.used) std::abort();
  const auto run = whole.run("x", "SCMP_ARCH_X86_64");
  if (run.run != cut.run("x", "SCMP_ARCH_X86_64").run || run.syscalls.empty() != (account.used == 0)) std::abort();
  return 0;
}
