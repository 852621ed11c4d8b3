// Fields: every one that the runtime-spec does not define, and /ociVersion. Allowed: none; version 1.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OCI runtime-spec", "spec.md"}};

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "1.MINOR.PATCH" with an optional "-…" or "+…" (semver.org): what this program has read the specification of.
bool is_version_one(std::string_view version) {
  const std::vector<std::string> numbers = split(version.substr(0, version.find_first_of("-+")), '.');
  return numbers.size() == 3 && numbers[0] == "1" && std::all_of(numbers.begin(), numbers.end(), is_number);
}

void judge_version(Verdict& verdict, const Spec& spec) {
  const std::string version = spec.text("/ociVersion").value_or("");
  if (is_version_one(version)) return;
  verdict.refuse("/ociVersion",
                 version.empty() ? "the spec does not say its version (ociVersion)"
                                 : fmt::format("the spec has version {}, which is not known here", in_quotes(version)),
                 version);
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  if (facts.operation == host::Operation::create) judge_version(verdict, spec);
  for (const std::string& pointer : facts.unknown_members)
    verdict.refuse(
        pointer,
        fmt::format("nothing is known of the member {}, so neither of the right it may grant", in_quotes(pointer)),
        pointer);
  return verdict;
}

}  // namespace

const Control unknown_fields = {
    .id = "unknown-fields",
    .title = "Nothing in the spec is beyond this program's understanding",
    .rationale = "A member that only a newer runtime understands could grant what no control here has judged.",
    .references = references,
    .owns = {},
    .evaluate = evaluate,
    .on_every_operation = true};

}  // namespace hardened::controls
