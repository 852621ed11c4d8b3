#include "policy/extend.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "util/text.h"

namespace hardened::policy {
namespace {

constexpr std::size_t most_levels = 8;

struct Link {
  std::string name;
  Document document;
};

// What `link` extends; empty for a root.
std::string base_of(const Link& link, const ProfileSource& source) {
  const std::string base = extended_by(link.document.value);
  return base.empty() && !source.is_shipped(link.name) ? "strict" : base;
}

Status check_name(const Link& link) {
  const auto found = link.document.value.find("name");
  if (found == link.document.value.end() || *found == link.name) return {};
  return link.document.cannot("/name",
                              fmt::format("use {} as \"name\": the file is called {}.json", found->dump(), link.name));
}

Status check_base(const std::vector<Link>& chain, const std::string& base, const Context& context) {
  const Document& document = chain.back().document;
  if (!std::binary_search(context.profiles.begin(), context.profiles.end(), base))
    return document.cannot(
        "/extends", fmt::format("extend {}: no such profile{}", in_quotes(base), did_you_mean(base, context.profiles)));
  std::string path;
  bool circle = false;
  for (const Link& link : chain) {
    circle = circle || link.name == base;
    path += link.name + " → ";
  }
  if (circle)
    return document.cannot("/extends",
                           fmt::format("extend {}: it runs in a circle: {}{}", in_quotes(base), path, base));
  if (chain.size() >= most_levels)
    return document.cannot("/extends",
                           fmt::format("extend {}: more than {} profiles deep", in_quotes(base), most_levels));
  return {};
}

// The profile and all it extends, the root last.
Result<std::vector<Link>> chain_of(std::string name, const ProfileSource& source, const Context& context) {
  std::vector<Link> chain;
  while (!name.empty()) {
    TRY(document, source.read(name));
    if (!document.value.is_object()) return Node(document).cannot_use("an object is needed");
    chain.push_back({name, std::move(document)});
    TRY_DO(check_name(chain.back()));
    name = base_of(chain.back(), source);
    if (!name.empty()) TRY_DO(check_base(chain, name, context));
  }
  return chain;
}

}  // namespace

Result<Profile> resolve(const std::string& name, const ProfileSource& source, const Context& context) {
  TRY(chain, chain_of(name, source, context));
  Profile profile;
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
    Context own = context;
    if (source.is_shipped(link->name)) own.known = nullptr;
    TRY_DO(decode_onto(link->document, profile, own));
    merge_onto(link->document.value, profile.document);
  }
  return profile;
}

}  // namespace hardened::policy
