// Training logs: no text may crash the generator, and what it makes of one is a profile of which every byte is ASCII,
// every comment a comment, and nothing but what it proposed is in force.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "generate/propose.h"
#include "oci/strict_json.h"
#include "policy/extend.h"
#include "policy/load.h"
#include "runtime/known_names.h"

namespace {

using namespace hardened;

const Profile& strict() {
  static const Profile profile = policy::built_in("strict", runtime::known_names()).value();
  return profile;
}

Result<Profile> resolved(const policy::Document& document) {
  const std::vector<std::string> names = {"fuzz", "strict"};
  const policy::Document base{"strict.json", "", strict().document};
  const policy::ProfileSource source{
      .read = [&](const std::string& name) -> Result<policy::Document> { return name == "fuzz" ? document : base; },
      .is_shipped = [](const std::string& name) { return name == "strict"; }};
  return policy::resolve("fuzz", source, {.known = &runtime::known_names(), .profiles = names, .waivers = {}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  generate::Logs logs;
  generate::add_log(logs, "fuzz", std::string_view(reinterpret_cast<const char*>(data), size));
  const auto evidence = generate::gather(logs, {.incomplete = true, .mixed = true});
  if (!evidence) return 0;
  const auto draft = generate::propose(*evidence, strict(), runtime::known_names(), {"fuzz", true, "1"});
  const std::string text = generate::rendered(draft);
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); })) std::abort();
  const auto document = policy::Document::parse("fuzz.json", text);
  if (!document || document->value != draft.document) std::abort();
  const auto profile = resolved(*document);
  if (!profile || profile->rootfs != policy::Rootfs::read_only || !profile->namespaces.empty()) std::abort();
  return 0;
}
