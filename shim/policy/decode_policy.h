// The policy file as structs: what holds for every container, and the rows among which one container chooses.
#pragma once

#include <string>
#include <vector>

#include "policy/decode.h"

namespace hardened::policy {

struct SelectRow {
  std::string image;               // a glob
  std::string program;             // the name the runtime was called by
  std::string annotation;          // a key
  std::string label;               // a key; exactly one of these four is not empty
  std::string profile;             // with image and program
  std::vector<std::string> allow;  // with annotation and label: globs of profile names
  bool operator==(const SelectRow&) const = default;
};

struct WaiverRow {
  Waiver waiver;
  std::string image;  // a glob; empty: every container
  std::string until;  // ISO date, the last day; empty: without end
  bool operator==(const WaiverRow&) const = default;
};

struct PolicyFile {
  Policy policy;  // what does not depend on the container
  std::string default_profile = "strict";
  std::string build_profile = "build";  // of the steps of an image's build
  std::vector<SelectRow> select;
  std::vector<WaiverRow> waivers;
  bool operator==(const PolicyFile&) const = default;
};

// Errors: Node::cannot. `context.known` must be given.
[[nodiscard]] Result<PolicyFile> decode_policy(const Document& document, const Context& context);

}  // namespace hardened::policy
