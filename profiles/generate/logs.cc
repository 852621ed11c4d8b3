#include "generate/logs.h"

#include <fmt/format.h>

#include <algorithm>

#include "oci/strict_json.h"
#include "util/hash.h"

namespace hardened::generate {
namespace {

Result<Run> read_line(const std::string& place, std::string_view line) {
  TRY(parsed, oci::parse_strict(line, place));
  return decode_run({place, {}, std::move(parsed.value)});
}

}  // namespace

void add_run(Logs& logs, Run run) {
  if (logs.ids.insert(run.run).second) {
    logs.runs.push_back(std::move(run));
  } else {
    ++logs.repeated;
  }
}

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
