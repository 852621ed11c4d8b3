#include <fmt/format.h>

#include "ctl/handlers.h"
#include "oci/json.h"

namespace hardened::ctl {
namespace {

constexpr std::string_view mark = "# Written by hardenctl install";

// What JSON escapes, TOML does in the same way.
std::string quoted(const std::string& text) {
  return Json(text).dump();
}

std::string header(const char* engine) {
  return fmt::format("{} {}; hardenctl uninstall {} takes this file away.\n", mark, engine, engine);
}

}  // namespace

std::string podman_drop_in(const std::vector<Handler>& handlers, bool as_default) {
  std::string text = header("podman");
  if (as_default) text += fmt::format("[engine]\nruntime = {}\n", quoted(handlers.front().name));
  text += "[engine.runtimes]\n";
  for (const Handler& handler : handlers) text += fmt::format("{} = [{}]\n", handler.name, quoted(handler.path));
  return text;
}

// Where a handler names no directory for its state, CRI-O passes an empty --root.
std::string crio_drop_in(const std::vector<Handler>& handlers, bool as_default) {
  std::string text = header("crio");
  if (as_default) text += fmt::format("[crio.runtime]\ndefault_runtime = {}\n", quoted(handlers.front().name));
  for (const Handler& handler : handlers) {
    text += fmt::format(
        "[crio.runtime.runtimes.{}]\nruntime_path = {}\nruntime_type = \"oci\"\nruntime_root = \"/run/runc\"\n",
        handler.name, quoted(handler.path));
  }
  return text;
}

bool is_our_drop_in(const std::string& text) {
  return text.starts_with(mark);
}

}  // namespace hardened::ctl
