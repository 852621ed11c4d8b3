// Fields: none; the image is named by the engine. Allowed: what "images" of the policy lists; everything when it lists
// none.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "policy/image.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Top 10", "D02"}, {"OWASP Docker Top 10", "D08"}, {"CIS Docker 1.6.0", "4.2"}};
constexpr std::string_view remedy = "to allow it, add its name, or NAME@DIGEST, to \"images\" of the policy";

// "nginx:1.25@sha256:…" whether the user typed the digest or the engine told it.
std::string with_digest(const Workload& workload) {
  if (workload.image_digest.empty() || workload.image.find('@') != std::string::npos) return workload.image;
  return workload.image + "@" + workload.image_digest;
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  // Later calls concern a container that was approved when it was made.
  if (policy.images.empty() || facts.operation != host::Operation::create) return verdict;
  const Workload& workload = facts.workload;
  if (workload.image.empty()) {
    verdict.refuse("/root/path", "the engine does not say which image this is, and the policy lists the approved ones",
                   "");
    return verdict;
  }
  const bool approved = std::any_of(policy.images.begin(), policy.images.end(), [&](const std::string& pattern) {
    return policy::image_matches(pattern, workload);
  });
  if (!approved)
    verdict.refuse("/root/path",
                   fmt::format("the image {} is not among the approved ones", in_quotes(with_digest(workload))),
                   workload.image, std::string(remedy));
  return verdict;
}

}  // namespace

const Control approved_images = {.id = "approved-images",
                                 .title = "Only approved images run",
                                 .rationale =
                                     "An image from anywhere brings whatever its author put in; a list of names or "
                                     "digests keeps to the reviewed ones.",
                                 .references = references,
                                 .owns = {},
                                 .evaluate = evaluate};

}  // namespace hardened::controls
