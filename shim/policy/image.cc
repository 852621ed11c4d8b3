#include "policy/image.h"

#include "util/text.h"

namespace hardened::policy {
namespace {

struct Reference {
  std::string_view name;
  std::string_view tag;
  std::string_view digest;
};

// distribution/reference grammar: the tag follows the last colon, if no '/' follows it; the digest follows '@'.
Reference parse(std::string_view text) {
  Reference reference;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    reference.digest = text.substr(at + 1);
    text = text.substr(0, at);
  }
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find('/', colon) == std::string_view::npos) {
    reference.tag = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  reference.name = text;
  return reference;
}

// distribution/reference, "familiar name": the default registry and its folder of official images are left out.
std::string_view familiar(std::string_view name) {
  for (const std::string_view prefix : {"index.docker.io/", "docker.io/"}) {
    if (name.substr(0, prefix.size()) != prefix) continue;
    name.remove_prefix(prefix.size());
    constexpr std::string_view official = "library/";
    const bool is_official =
        name.substr(0, official.size()) == official && name.find('/', official.size()) == std::string_view::npos;
    return is_official ? name.substr(official.size()) : name;
  }
  return name;
}

}  // namespace

bool image_matches(std::string_view glob, const Workload& workload) {
  if (workload.image.empty()) return false;
  const Reference wanted = parse(glob);
  Reference image = parse(workload.image);
  if (image.tag.empty() && image.digest.empty()) image.tag = "latest";
  if (!glob_match(wanted.name, image.name) && !glob_match(familiar(wanted.name), familiar(image.name))) return false;
  if (!wanted.tag.empty() && !glob_match(wanted.tag, image.tag)) return false;
  if (wanted.digest.empty()) return true;
  return glob_match(wanted.digest, image.digest) || glob_match(wanted.digest, workload.image_digest);
}

}  // namespace hardened::policy
