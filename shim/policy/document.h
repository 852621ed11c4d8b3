// One configuration file, and a place in it that an error can name as FILE:LINE.
#pragma once

#include <string>
#include <string_view>

#include "oci/json.h"
#include "util/result.h"

namespace hardened::policy {

struct Document {
  std::string file;  // as errors name it
  std::string text;  // empty where there is no file (a grant): errors then name no line
  Json value;

  // Parses JSON with comments. Errors: Code::syntax, "FILE:LINE: cannot …".
  [[nodiscard]] static Result<Document> parse(std::string file, std::string text);

  // "FILE:LINE" of the value at the RFC 6901 `pointer`, or "FILE". Parses the text a second time: only a failing start
  // pays for line numbers.
  [[nodiscard]] std::string place(const std::string& pointer) const;
  // Code::policy, "FILE:LINE: cannot <what>".
  [[nodiscard]] tl::unexpected<Error> cannot(const std::string& pointer, const std::string& what,
                                             std::string hint = {}) const;
};

// A value in a document. Borrows the document and the node it was reached from.
class Node {
 public:
  explicit Node(const Document& document) : document_(document), value_(document.value) {}

  [[nodiscard]] const Json& value() const { return value_; }
  [[nodiscard]] Node member(std::string_view name, const Json& value) const { return {*this, value, name, 0}; }
  [[nodiscard]] Node element(std::size_t index) const { return {*this, value_.at(index), {}, index}; }

  [[nodiscard]] std::string pointer() const;
  // "FILE:LINE: cannot <what>" at this place.
  [[nodiscard]] tl::unexpected<Error> cannot(const std::string& what, std::string hint = {}) const;
  // The same as "cannot use VALUE as "NAME": <why>", or "in "NAME"" for an element of an array.
  [[nodiscard]] tl::unexpected<Error> cannot_use(const std::string& why, std::string hint = {}) const;

 private:
  Node(const Node& parent, const Json& value, std::string_view name, std::size_t index)
      : document_(parent.document_), value_(value), parent_(&parent), name_(name), index_(index) {}
  [[nodiscard]] bool is_element() const { return parent_ != nullptr && parent_->value_.is_array(); }

  const Document& document_;
  const Json& value_;
  const Node* parent_ = nullptr;
  std::string_view name_;  // of a member
  std::size_t index_ = 0;  // of an element
};

}  // namespace hardened::policy
