// Specs whose form is odd: members that are absent, null, empty, or unknown.
#include <cstdint>
#include <limits>
#include <string>

#include "mutation.h"

namespace hardened::property {
namespace {

// A random object of the spec: one below which no set of names with a meaning of their own lies.
Json& random_object(Random& random, Sample& sample) {
  Json* at = &sample.spec;
  for (std::size_t depth = pick(random, 4); depth > 0; --depth) {
    if (at->empty()) break;
    Json& child = at->is_array() ? (*at)[pick(random, at->size())]
                                 : *std::next(at->begin(), static_cast<std::ptrdiff_t>(pick(random, at->size())));
    if (!child.is_structured() || child.empty() || (child.is_array() && !child[0].is_object())) break;
    at = &child;
  }
  return at->is_array() ? (*at)[pick(random, at->size())] : *at;
}

Json::iterator random_member(Random& random, Json& object) {
  return std::next(object.begin(), static_cast<std::ptrdiff_t>(pick(random, object.size())));
}

// null is what an absent member means to Go; crun's reader sees a member.
void null_member(Random& random, Sample& sample) {
  Json& object = random_object(random, sample);
  if (object.is_object() && !object.empty()) *random_member(random, object) = nullptr;
}

void absent_member(Random& random, Sample& sample) {
  Json& object = random_object(random, sample);
  if (object.is_object() && !object.empty()) object.erase(random_member(random, object));
}

void empty_member(Random& random, Sample& sample) {
  Json& object = random_object(random, sample);
  if (!object.is_object() || object.empty()) return;
  Json& member = *random_member(random, object);
  if (member.is_object()) member = Json::object();
  if (member.is_array()) member = Json::array();
  if (member.is_string()) member = "";
}

void absent_top(Random& random, Sample& sample) {
  constexpr const char* members[] = {"process", "linux",      "root",     "mounts",
                                     "hooks",   "ociVersion", "hostname", "annotations"};
  sample.spec.erase(one_of(random, members));
}

void unknown_members(Random& random, Sample& sample) {
  process_of(sample)["x-unknown"] = {{"z", 1}, {"a", std::numeric_limits<std::uint64_t>::max()}, {"~/", Json()}};
  if (once_in(random, 2)) sample.spec["vm"] = {{"kernel", {{"path", "/x"}}}};
  if (once_in(random, 2)) resources_of(sample)["x/y"] = nullptr;
}

constexpr Mutation table[] = {
    {"null-member", null_member}, {"absent-member", absent_member},     {"empty-member", empty_member},
    {"absent-top", absent_top},   {"unknown-members", unknown_members},
};

}  // namespace

std::span<const Mutation> shape_mutations() {
  return table;
}

}  // namespace hardened::property
