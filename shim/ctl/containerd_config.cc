#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ctl/handlers.h"
#include "oci/json.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::string_view begin_mark = "# >>> hardened: hardenctl uninstall containerd takes these lines out";
// The line before ours had no end, and gets none back.
constexpr std::string_view begin_unfinished = "# >>> hardened, after an unfinished line";
constexpr std::string_view end_mark = "# <<< hardened";
constexpr std::string_view was = "# was:";
constexpr std::string_view default_key = "default_runtime_name";

// The CRI plugin by the version of the format: 2 since containerd 1.3, 3 since 2.0.
struct Format {
  std::string_view version;
  std::string_view plugin;
};
constexpr std::array<Format, 2> formats = {{{"2", "io.containerd.grpc.v1.cri"}, {"3", "io.containerd.cri.v1.runtime"}}};

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") + 1 - first));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// The value of `key` in `line`, "key = value # comment", without its quotes; nothing when the line says another thing.
std::optional<std::string> value_of(const std::string& line, std::string_view key) {
  const std::string text = trimmed(line);
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || trimmed(text.substr(0, equals)) != key) return std::nullopt;
  std::string value = trimmed(text.substr(equals + 1));
  const char quote = value.empty() ? '\0' : value.front();
  if (quote == '"' || quote == '\'') return value.substr(1, value.find(quote, 1) - 1);
  return trimmed(value.substr(0, value.find('#')));
}

// A table's header with plain double quotes and without spaces: "[plugins.\"x\".containerd]"; empty for another line.
std::string table_in(const std::string& line) {
  std::string text = trimmed(line);
  if (!text.starts_with('[') || text.find(']') == std::string::npos) return {};
  text.resize(text.find(']') + 1);
  std::replace(text.begin(), text.end(), '\'', '"');
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\t'; }), text.end());
  return text;
}

bool says_something(const std::string& line) {
  const std::string text = trimmed(line);
  return !text.empty() && text.front() != '#';
}

// The value of "version", which stands before any table; "1" when it is not said, nothing when nothing at all is.
std::optional<std::string> version_of(const std::vector<std::string>& lines) {
  if (std::none_of(lines.begin(), lines.end(), says_something)) return std::nullopt;
  for (const std::string& line : lines) {
    if (!table_in(line).empty()) break;
    if (auto version = value_of(line, "version")) return version;
  }
  return "1";
}

Result<Format> format_of(const std::string& version, const std::string& name) {
  const auto known =
      std::find_if(formats.begin(), formats.end(), [&](const Format& format) { return format.version == version; });
  if (known != formats.end()) return *known;
  return fail(Code::syntax, fmt::format("cannot use {}: it is in version {} of its format", name, in_quotes(version)),
              "write it in version 2 or 3 (containerd config migrate shows it so), then install again");
}

std::string containerd_table(const Format& format) {
  return fmt::format("[plugins.\"{}\".containerd]", format.plugin);
}

std::string handlers_table(const Format& format) {
  return fmt::format("[plugins.\"{}\".containerd.runtimes.", format.plugin);
}

// The handler runc is containerd's own only while the file has no handler at all; without it the plugin does not start.
bool has_handlers(const std::vector<std::string>& lines, const Format& format) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return table_in(line).starts_with(handlers_table(format)); });
}

std::string handler_tables(const Format& format, const std::vector<Handler>& handlers, bool systemd_cgroup) {
  std::string text;
  for (const Handler& handler : handlers) {
    const std::string table = fmt::format("plugins.\"{}\".containerd.runtimes.{}", format.plugin, handler.name);
    text += fmt::format("[{}]\nruntime_type = \"io.containerd.runc.v2\"\n[{}.options]\nBinaryName = {}\n", table, table,
                        Json(handler.path).dump());
    if (systemd_cgroup) text += "SystemdCgroup = true\n";
  }
  return text;
}

std::string default_line(const std::string& runtime) {
  return fmt::format("{} = \"{}\"", default_key, runtime);
}

// Makes `runtime` the default where its table is; false when there is no such table.
bool set_default(std::vector<std::string>& lines, const Format& format, const std::string& runtime) {
  const auto is_header = [&](const std::string& line) { return table_in(line) == containerd_table(format); };
  const auto header = std::find_if(lines.begin(), lines.end(), is_header);
  if (header == lines.end()) return false;
  const auto next =
      std::find_if(header + 1, lines.end(), [](const std::string& line) { return !table_in(line).empty(); });
  const auto key = std::find_if(header + 1, next, [](const std::string& line) { return value_of(line, default_key); });
  std::vector<std::string> ours{std::string(begin_mark)};
  if (key != next) ours.push_back(fmt::format("{}{}", was, *key));
  ours.push_back(default_line(runtime));
  ours.emplace_back(end_mark);
  const auto place = key != next ? lines.erase(key) : header + 1;
  lines.insert(place, ours.begin(), ours.end());
  return true;
}

// Is the default one of ours, between our marks?
bool has_our_default(const std::string& text) {
  bool ours = false;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with(begin_mark) || line.starts_with(begin_unfinished)) ours = true;
    if (line.starts_with(end_mark)) ours = false;
    if (ours && value_of(line, default_key)) return true;
  }
  return false;
}

tl::unexpected<Error> unpaired(const std::string& name) {
  return fail(Code::syntax,
              fmt::format("cannot use {}: its lines \"# >>> hardened\" and \"# <<< hardened\" do not match", name),
              "take out what stands between them by hand");
}

// The value of `key` in the CRI plugin's table that ends with `table_end`, in a dump, which containerd itself laid out.
std::string dumped(const std::string& dump, std::string_view table_end, std::string_view key) {
  bool inside = false;
  for (const std::string& line : lines_of(dump)) {
    if (const std::string table = table_in(line); !table.empty())
      inside = table.starts_with("[plugins.\"io.containerd.") && table.ends_with(table_end);
    if (!inside) continue;
    if (auto value = value_of(line, key)) return *value;
  }
  return {};
}

}  // namespace

Result<std::string> without_handlers(const std::string& text, const std::string& name) {
  std::string kept;
  bool ours = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string line = text.substr(at, end - at);
    at = end;
    const bool unfinished = line.starts_with(begin_unfinished);
    const bool begins = unfinished || line.starts_with(begin_mark);
    const bool ends = line.starts_with(end_mark);
    if ((begins && ours) || (ends && !ours)) return unpaired(name);
    if (unfinished && !kept.empty()) kept.pop_back();
    if (ours && line.starts_with(was)) kept += line.substr(was.size());
    if (!ours && !begins) kept += line;
    ours = begins || (ours && !ends);
  }
  if (ours) return unpaired(name);
  return kept;
}

Result<std::string> with_handlers(const std::optional<std::string>& text, const std::string& name,
                                  const std::vector<Handler>& handlers, bool as_default, bool systemd_cgroup) {
  const std::string before = text.value_or("");
  TRY(without, without_handlers(before, name));
  std::vector<std::string> lines = lines_of(without);
  const std::optional<std::string> version = version_of(lines);
  TRY(format, format_of(version.value_or("2"), name));
  const bool add_runc = !has_handlers(lines, format);
  const bool set = as_default || has_our_default(before);
  const bool in_place = set && set_default(lines, format, handlers.front().name);
  const bool unfinished = !without.empty() && without.back() != '\n';
  lines.emplace_back(unfinished ? begin_unfinished : begin_mark);
  if (!version) lines.emplace_back("version = 2");
  if (set && !in_place) {
    lines.push_back(containerd_table(format));
    lines.push_back(default_line(handlers.front().name));
  }
  if (add_runc) {
    lines.push_back(handlers_table(format) + "runc]");
    lines.emplace_back("runtime_type = \"io.containerd.runc.v2\"");
  }
  return join(lines, "\n") + "\n" + handler_tables(format, handlers, systemd_cgroup) + std::string(end_mark) + "\n";
}

DumpedDefault dumped_default(const std::string& dump) {
  DumpedDefault found{dumped(dump, "\".containerd]", default_key), false};
  found.systemd_cgroup =
      dumped(dump, fmt::format(".containerd.runtimes.{}.options]", found.runtime), "SystemdCgroup") == "true";
  return found;
}

bool dumped_handler(const std::string& dump, const std::string& name) {
  return !dumped(dump, fmt::format(".containerd.runtimes.{}]", name), "runtime_type").empty();
}

std::string dumped_program(const std::string& dump, const std::string& name) {
  return dumped(dump, fmt::format(".containerd.runtimes.{}.options]", name), "BinaryName");
}

}  // namespace hardened::ctl
