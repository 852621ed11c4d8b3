// Policies and profiles: no text may crash the loader, and what it accepts must say what it says a second time, from
// the merged document that a grant keeps.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "policy/extend.h"
#include "policy/load.h"
#include "policy/select.h"

namespace {

using namespace hardened;
using namespace hardened::policy;

const std::vector<std::string> controls = {"capabilities", "secret-env"};
const std::vector<std::string> capabilities = {"CAP_CHOWN", "CAP_SYS_ADMIN"};
const std::vector<std::string> families = {"AF_INET"};
const std::vector<std::string> groups = {"@file"};
const std::vector<std::string> profiles = {"fuzz", "strict"};
const Known known = {.controls = controls,
                     .capabilities = capabilities,
                     .socket_families = families,
                     .syscall_groups = groups,
                     .is_syscall = [](std::string_view name) { return name == "read"; }};

void try_policy(const Document& document) {
  const auto rules = decode_policy(document, {.known = &known, .profiles = profiles, .waivers = {}});
  if (!rules) return;
  Workload workload;
  workload.image = "registry.example/app:1";
  workload.annotations["a"] = workload.labels["a"] = "fuzz";
  const auto name = select_profile(*rules, document, workload, "hardened-runtime", profiles);
  if (name && *name != "fuzz" && *name != "strict") std::abort();
  const auto waivers = waivers_for(*rules, document, workload, "2026-03-01");
  if (waivers && waivers->size() > rules->waivers.size()) std::abort();
}

void try_profile(const Document& document) {
  const ProfileSource source{.read = [&document](const std::string& name) -> Result<Document> {
                               if (name == "fuzz") return document;
                               return Document{"strict.json", "", {{"name", "strict"}}};
                             },
                             .is_shipped = [](const std::string& name) { return name == "strict"; }};
  const auto profile = resolve("fuzz", source, {.known = &known, .profiles = profiles, .waivers = {}});
  if (!profile) return;
  for (const std::string& capability : profile->capabilities) {
    if (capability == "CAP_SYS_ADMIN") std::abort();
  }
  const auto again = decode_profile(profile->document);
  if (!again || *again != *profile) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = Document::parse("fuzz.json", std::string(reinterpret_cast<const char*>(data), size));
  if (!document) return 0;
  try_policy(*document);
  try_profile(*document);
  return 0;
}
