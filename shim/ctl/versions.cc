#include "ctl/versions.h"

#include <algorithm>
#include <charconv>

#include "oci/json.h"
#include "policy/embedded.h"

namespace hardened::ctl {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes a number off the front of `text`; nothing where there is none, or too large a one.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// "-rc95", "-rc.3", "~rc93", "-beta.1": takes it off the front, and says where it stands before the release.
int take_candidate(std::string_view& text) {
  constexpr int before_all_candidates = -1000;
  for (const std::string_view word : {"rc", "beta"}) {
    if (text.size() <= word.size() || (text[0] != '-' && text[0] != '~') || text.substr(1, word.size()) != word)
      continue;
    text.remove_prefix(1 + word.size());
    if (!text.empty() && text[0] == '.') text.remove_prefix(1);
    return take_number(text).value_or(0) + (word == "rc" ? 0 : before_all_candidates);
  }
  return INT_MAX;
}

// The position of the fix that is meant for the series of `version`: its own, or the next that was mended.
std::size_t fix_for(const EngineFlaw& flaw, const Version& version) {
  std::size_t at = 0;
  const auto series = [](const Version& v) { return std::pair(v.numbers[0], v.numbers[1]); };
  while (at < flaw.fixed.size() && series(flaw.fixed[at]) < series(version)) ++at;
  return at;
}

bool has(const EngineFlaw& flaw, const Version& version) {
  const std::size_t fix = fix_for(flaw, version);
  return version >= flaw.from && fix < flaw.fixed.size() && version < flaw.fixed[fix];
}

}  // namespace

std::optional<Version> version_in(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (!is_digit(text[0])) continue;
    Version version;
    std::size_t count = 0;
    for (; count < version.numbers.size(); ++count) {
      if (count != 0) {
        if (text.size() < 2 || text[0] != '.' || !is_digit(text[1])) break;
        text.remove_prefix(1);
      }
      const auto number = take_number(text);
      if (!number) return std::nullopt;
      version.numbers.at(count) = *number;
    }
    if (count < 2) {
      if (text.empty()) break;
      continue;
    }
    version.candidate = take_candidate(text);
    version.distribution = !text.empty() && (text[0] == '+' || text[0] == '~' || text[0] == '-');
    return version;
  }
  return std::nullopt;
}

// A file of ours, checked by a test: it is what it should be.
const std::vector<EngineFlaw>& engine_flaws() {
  static const std::vector<EngineFlaw> flaws = [] {
    std::vector<EngineFlaw> list;
    const Json document = Json::parse(embedded::find("engines/cves.json"));
    for (const Json& row : document.at("cves")) {
      EngineFlaw flaw{row.at("program"), row.at("cve"), row.at("title"), {}, {}, row.at("fixed")};
      flaw.from = version_in(row.value("from", "")).value_or(Version{{}, INT_MIN, false});
      for (const std::string& name : flaw.fixed_names) flaw.fixed.push_back(version_in(name).value_or(Version{}));
      list.push_back(std::move(flaw));
    }
    return list;
  }();
  return flaws;
}

std::vector<const EngineFlaw*> flaws_of(std::string_view program, const Version& version) {
  std::vector<const EngineFlaw*> found;
  for (const EngineFlaw& flaw : engine_flaws()) {
    if (flaw.program == program && has(flaw, version)) found.push_back(&flaw);
  }
  return found;
}

std::string names_of(const std::vector<const EngineFlaw*>& flaws) {
  std::string names;
  for (const EngineFlaw* flaw : flaws) names += (names.empty() ? "" : ", ") + flaw->cve;
  return names;
}

std::string first_without(const std::vector<const EngineFlaw*>& flaws, const Version& version) {
  std::string name;
  Version highest{{}, INT_MIN, false};
  for (const EngineFlaw* flaw : flaws) {
    const std::size_t fix = fix_for(*flaw, version);
    if (flaw->fixed.at(fix) <= highest) continue;
    highest = flaw->fixed[fix];
    name = flaw->fixed_names[fix];
  }
  return name;
}

}  // namespace hardened::ctl
