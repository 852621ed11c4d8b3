#include "policy/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "policy/image.h"
#include "util/text.h"

namespace hardened::policy {
namespace {

// The value of the annotation or label `key`, or nothing.
const std::string* value_of(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  return key.empty() || found == values.end() ? nullptr : &found->second;
}

bool may_name(const SelectRow& row, const std::string& profile, std::span<const std::string> profiles) {
  const auto matches = [&profile](const std::string& glob) { return glob_match(glob, profile); };
  return std::binary_search(profiles.begin(), profiles.end(), profile) &&
         std::any_of(row.allow.begin(), row.allow.end(), matches);
}

tl::unexpected<Error> refuse_annotation(const SelectRow& row, const std::string& profile, const std::string& place) {
  return fail(
      Code::refused,
      fmt::format("refused by policy: the annotation {} asks for profile {}, which {} does not allow; to allow it, "
                  "add it to \"allow\" there",
                  row.annotation, in_quotes(profile), place));
}

// The other names the program is reached by, each with a profile of its own.
struct ProgramProfile {
  std::string_view program;
  std::string_view profile;
};
constexpr ProgramProfile program_profiles[] = {{"hardened-compat", "compat"}, {"hardened-train", "train"}};

std::string fallback(const PolicyFile& rules, std::string_view program) {
  for (const ProgramProfile& row : program_profiles) {
    if (row.program == program) return std::string(row.profile);
  }
  return rules.default_profile;
}

}  // namespace

Result<std::string> select_profile(const PolicyFile& rules, const Document& document, const Workload& workload,
                                   std::string_view program, std::span<const std::string> profiles) {
  // Its image has no name yet, and its labels are those of the Dockerfile, meant for the containers to come.
  if (workload.building) return rules.build_profile;
  for (std::size_t i = 0; i < rules.select.size(); ++i) {
    const SelectRow& row = rules.select[i];
    if (!row.image.empty() && image_matches(row.image, workload)) return row.profile;
    if (!row.program.empty() && row.program == program) return row.profile;
    if (const std::string* asked = value_of(workload.annotations, row.annotation)) {
      if (may_name(row, *asked, profiles)) return *asked;
      return refuse_annotation(row, *asked, document.place(fmt::format("/select/{}", i)));
    }
    if (const std::string* asked = value_of(workload.labels, row.label)) {
      if (may_name(row, *asked, profiles)) return *asked;
    }
  }
  return fallback(rules, program);
}

Status is_current(const PolicyFile& rules, const Document& document, std::size_t index, const std::string& today) {
  const WaiverRow& row = rules.waivers[index];
  if (row.until.empty() || row.until >= today) return {};
  return document.cannot(fmt::format("/waivers/{}", index),
                         fmt::format("use the waiver for {}: it ended on {}", row.waiver.control, row.until),
                         "renew its \"until\", or remove it");
}

Result<std::vector<Waiver>> waivers_for(const PolicyFile& rules, const Document& document, const Workload& workload,
                                        const std::string& today) {
  std::vector<Waiver> waivers;
  for (std::size_t i = 0; i < rules.waivers.size(); ++i) {
    const WaiverRow& row = rules.waivers[i];
    if (!row.image.empty() && !image_matches(row.image, workload)) continue;
    TRY_DO(is_current(rules, document, i, today));
    waivers.push_back(row.waiver);
  }
  return waivers;
}

}  // namespace hardened::policy
