#include "generate/known_flaws.h"

#include <algorithm>

#include "generate/system_calls.h"
#include "oci/json.h"
#include "policy/embedded.h"

namespace hardened::generate {
namespace {

// A file of ours, checked by a test: it is what it should be.
Json data(std::string_view name) {
  return Json::parse(embedded::find(name));
}

}  // namespace

const std::vector<Flaw>& known_flaws() {
  static const std::vector<Flaw> flaws = [] {
    std::vector<Flaw> list;
    const Json document = data("seccomp/cves.json");
    for (const Json& row : document.at("cves")) list.push_back({row.at("cve"), row.at("title"), row.at("calls")});
    return list;
  }();
  return flaws;
}

std::vector<std::string> closed_flaws(const std::set<std::string>& allowed) {
  std::vector<std::string> closed;
  for (const Flaw& flaw : known_flaws()) {
    const auto is_allowed = [&allowed](const std::string& call) { return allowed.contains(call); };
    if (std::none_of(flaw.calls.begin(), flaw.calls.end(), is_allowed)) closed.push_back(flaw.cve);
  }
  return closed;
}

std::set<std::string> allowed_by_docker(const std::string& architecture) {
  std::set<std::string> allowed = calls_of(architecture);
  const Json document = data("seccomp/docker.json");
  for (const Json& call : document.at("denied")) allowed.erase(call.get<std::string>());
  return allowed;
}

}  // namespace hardened::generate
