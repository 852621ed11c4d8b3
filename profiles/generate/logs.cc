#include "generate/logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "oci/strict_json.h"
#include "util/hash.h"

namespace hardened::generate {
namespace {

Result<Run> read_line(const std::string& place, std::string_view line) {
  TRY(parsed, oci::parse_strict(line, place));
  return decode_run({place, {}, std::move(parsed.value)});
}

void add_run(Logs& logs, Run run) {
  const auto order = [](const Run& one, const Run& other) {
    return std::tie(one.started, one.run) < std::tie(other.started, other.run);
  };
  const auto is_same = [&run](const Run& other) { return other.run == run.run; };
  if (std::any_of(logs.runs.begin(), logs.runs.end(), is_same)) {
    ++logs.repeated;
    return;
  }
  logs.runs.insert(std::upper_bound(logs.runs.begin(), logs.runs.end(), run, order), std::move(run));
}

}  // namespace

void add_log(Logs& logs, const std::string& name, std::string_view text) {
  logs.digests[name] = sha256_hex(text);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    auto run = read_line(fmt::format("{}:{}", name, number), line);
    if (run) {
      run->file = name;
      add_run(logs, std::move(*run));
    } else {
      logs.damaged.push_back(std::move(run).error());
    }
  }
}

}  // namespace hardened::generate
