#include "policy/document.h"

#include <fmt/format.h>

#include "oci/strict_json.h"
#include "util/text.h"

namespace hardened::policy {
namespace {

std::string shown(const Json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return value.dump();
}

}  // namespace

Result<Document> Document::parse(std::string file, std::string text) {
  TRY(parsed, oci::parse_strict(text, file, {.comments = true}));
  return Document{std::move(file), std::move(text), std::move(parsed.value)};
}

std::string Document::place(const std::string& pointer) const {
  const auto parsed = oci::parse_strict(text, file, {.comments = true, .lines = true});
  if (!parsed) return file;
  const auto found = parsed->lines.find(pointer);
  return found == parsed->lines.end() ? file : fmt::format("{}:{}", file, found->second);
}

tl::unexpected<Error> Document::cannot(const std::string& pointer, const std::string& what, std::string hint) const {
  return fail(Code::policy, fmt::format("{}: cannot {}", place(pointer), what), std::move(hint));
}

std::string Node::pointer() const {
  if (parent_ == nullptr) return "";
  return parent_->pointer() + "/" + (is_element() ? std::to_string(index_) : oci::escaped_token(name_));
}

tl::unexpected<Error> Node::cannot(const std::string& what, std::string hint) const {
  return document_.cannot(pointer(), what, std::move(hint));
}

tl::unexpected<Error> Node::cannot_use(const std::string& why, std::string hint) const {
  if (parent_ == nullptr)
    return cannot(fmt::format("use {} as the whole file: {}", shown(value_), why), std::move(hint));
  const std::string_view name = is_element() ? parent_->name_ : name_;
  return cannot(fmt::format("use {} {} {}: {}", shown(value_), is_element() ? "in" : "as", in_quotes(name), why),
                std::move(hint));
}

}  // namespace hardened::policy
