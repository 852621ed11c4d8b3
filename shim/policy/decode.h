// From a document to structs: an object is a table of members, each with the function that decodes it. What no table
// names is an error, so a misspelt key can never be a rule silently not in force.
//
// Decoding is also the validation. A JSON Schema validator (valijson) was measured instead: 0.36 ms for the first small
// policy of a process, against 0.02 ms here, and errors that name neither line nor likely spelling. The schemas in
// profiles/schemas/ are for editors; tests hold them and these tables to the same verdicts, with valijson as the judge.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.h"
#include "policy/known.h"
#include "policy/policy.h"
#include "policy/words.h"

namespace hardened::policy {

// What the values are judged by besides themselves.
struct Context {
  const Known* known = nullptr;           // nothing: a document of ours, whose names were checked before
  std::span<const std::string> profiles;  // names of all profiles
  std::span<const Waiver> waivers;        // those for this workload
};

template <typename T>
struct Member {
  std::string_view name;
  Status (*decode)(const Node&, T&, const Context&);
};

// Makes a decoder of one field into a decoder of the object it lies in: {"mode", into<&Policy::mode, mode>}.
template <auto field, auto decode, typename T>
Status into(const Node& node, T& object, const Context& context) {
  return decode(node, object.*field, context);
}

// "cannot use the unknown member …" at `object`'s member `name`; the hint lists `members`.
[[nodiscard]] Status unknown_member(const Node& object, const std::string& name, std::span<const std::string> members);

// Decodes each member of `object` that the document has; the others keep what `into` holds.
template <typename T, std::size_t count>
Status decode_members(const Node& object, T& into, const Member<T> (&members)[count], const Context& context) {
  if (!object.value().is_object()) return object.cannot_use("an object is needed");
  for (const auto& [name, value] : object.value().items()) {
    const Member<T>* found = nullptr;
    for (const Member<T>& member : members) {
      if (member.name == name) found = &member;
    }
    if (found == nullptr) {
      std::vector<std::string> names;
      for (const Member<T>& member : members) names.emplace_back(member.name);
      return unknown_member(object, name, names);
    }
    TRY_DO(found->decode(object.member(name, value), into, context));
  }
  return {};
}

// Replaces `into` by the elements of the array `array`, each decoded by `decode`.
template <typename T>
Status decode_array(const Node& array, std::vector<T>& into, Status (*decode)(const Node&, T&, const Context&),
                    const Context& context) {
  if (!array.value().is_array()) return array.cannot_use("an array is needed");
  into.clear();
  into.reserve(array.value().size());
  for (std::size_t i = 0; i < array.value().size(); ++i) TRY_DO(decode(array.element(i), into.emplace_back(), context));
  return {};
}

// One value. All fail with Node::cannot_use.
[[nodiscard]] Status any_text(const Node& node, std::string& into, const Context& context);
[[nodiscard]] Status text(const Node& node, std::string& into, const Context& context);       // not empty
[[nodiscard]] Status path(const Node& node, std::string& into, const Context& context);       // absolute and clean
[[nodiscard]] Status path_glob(const Node& node, std::string& into, const Context& context);  // begins with '/'
[[nodiscard]] Status boolean(const Node& node, bool& into, const Context& context);
[[nodiscard]] Status size(const Node& node, std::uint64_t& into, const Context& context);   // bytes, at least 1
[[nodiscard]] Status count(const Node& node, std::uint64_t& into, const Context& context);  // 1 to 2^30
[[nodiscard]] Status identity(const Node& node, std::uint32_t& into,
                              const Context& context);                               // a uid or gid, not root's
[[nodiscard]] Status cores(const Node& node, double& into, const Context& context);  // 0.01 to 65536

// For "$schema" and the like: checked to be text, and not kept.
template <typename T>
Status ignored_text(const Node& node, T&, const Context& context) {
  std::string unused;
  return any_text(node, unused, context);
}

[[nodiscard]] Status texts(const Node& node, std::vector<std::string>& into, const Context& context);
[[nodiscard]] Status some_texts(const Node& node, std::vector<std::string>& into,
                                const Context& context);  // at least one

// A text that must be one of `names`; `what` is "control", "capability", …, or empty where the names are few enough for
// the error to list them.
[[nodiscard]] Status known_name(const Node& node, std::string& into, std::string_view what,
                                std::span<const std::string> names);
[[nodiscard]] Status known_name(const Node& node, std::string& into, std::string_view what,
                                std::span<const std::string_view> names);
// The name of a profile that exists.
[[nodiscard]] Status profile_name(const Node& node, std::string& into, const Context& context);
// [a-z0-9][a-z0-9._-]*: names a file below profiles.d and nothing else.
[[nodiscard]] bool is_profile_name(std::string_view name);

template <typename E, std::size_t size>
Status one_of(const Node& node, E& into, const Choice<E> (&choices)[size], const Context& context) {
  std::string chosen;
  std::vector<std::string_view> names;
  for (const Choice<E>& choice : choices) names.push_back(choice.name);
  TRY_DO(text(node, chosen, context));
  TRY_DO(known_name(node, chosen, {}, names));
  for (const Choice<E>& choice : choices) {
    if (choice.name == chosen) into = choice.value;
  }
  return {};
}

}  // namespace hardened::policy
