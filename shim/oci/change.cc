#include "oci/change.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "util/text.h"

namespace hardened::oci {
namespace {

std::string unescaped(std::string_view text) {
  std::string token(text);
  for (std::size_t at = token.find('~'); at != std::string::npos && at + 1 < token.size(); at = token.find('~', at + 1))
    token.replace(at, 2, token[at + 1] == '1' ? "/" : "~");
  return token;
}

std::vector<std::string> tokens(std::string_view pointer) {
  if (pointer.empty()) return {};
  std::vector<std::string> result = split(pointer.substr(1), '/');
  for (std::string& token : result) token = unescaped(token);
  return result;
}

std::optional<std::size_t> number(std::string_view token) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return value;
}

// A path is its own name: "/proc/sys=x" of linux.readonlyPaths is another file than /proc/sys.
std::string_view name_of(const std::string& element) {
  return std::string_view(element).substr(0, element.starts_with('/') ? element.npos : element.find('='));
}

bool is_named(const Json& element, std::string_view name) {
  return element.is_string() && name_of(element.get_ref<const std::string&>()) == name;
}

const Json* child(const Json& parent, std::string_view token) {
  if (parent.is_object()) {
    const auto& members = parent.get_ref<const Json::object_t&>();
    const auto found =
        std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.first == token; });
    return found == members.end() || found->second.is_null() ? nullptr : &found->second;
  }
  if (!parent.is_array()) return nullptr;
  if (const auto index = number(token)) return *index < parent.size() ? &parent[*index] : nullptr;
  const auto found = std::find_if(parent.begin(), parent.end(), [&](const Json& e) { return is_named(e, token); });
  return found == parent.end() ? nullptr : &*found;
}

bool inserts(const Json& parent, const Change& change, const std::string& token) {
  return parent.is_array() && !change.before && change.after && (token == "-" || number(token));
}

Status edit_array(Json& array, const std::string& token, const Change& change) {
  auto& elements = array.get_ref<Json::array_t&>();
  const auto index = token == "-" ? elements.size() : number(token);
  if (!index) {  // a member of a set of strings: every spelling of it goes, one comes
    std::erase_if(elements, [&](const Json& element) { return is_named(element, token); });
    if (change.after) elements.push_back(*change.after);
    return {};
  }
  if (*index > elements.size()) return fail(Code::internal, "cannot change " + change.pointer + ": no such element");
  const auto at = elements.begin() + static_cast<std::ptrdiff_t>(*index);
  if (inserts(array, change, token)) {
    elements.insert(at, *change.after);
  } else if (at == elements.end()) {
    return fail(Code::internal, "cannot change " + change.pointer + ": no such element");
  } else if (change.after) {
    *at = *change.after;
  } else {
    elements.erase(at);
  }
  return {};
}

// A missing parent is an object, unless only an array can hold what comes: an element appended, or a member of a set.
Json missing_parent(const Change& change, const std::string& last) {
  const bool member = change.after && is_named(*change.after, last);
  return last == "-" || member ? Json::array() : Json::object();
}

// The container that `path` leads to; what is missing of it is made.
Result<Json*> parent_of(Json& document, const std::vector<std::string>& path, const std::string& last,
                        const Change& change) {
  Json* parent = &document;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Json* next = child(*parent, path[i]);
    if (next == nullptr) {
      if (!parent->is_object()) return fail(Code::internal, "cannot change " + change.pointer + ": no such parent");
      (*parent)[path[i]] = i + 1 == path.size() ? missing_parent(change, last) : Json::object();
      next = child(*parent, path[i]);
    }
    parent = const_cast<Json*>(next);  // `document` itself is mutable; only the look-up is shared with find()
  }
  return parent;
}

}  // namespace

const Json* find(const Json& document, std::string_view pointer) {
  const Json* at = &document;
  while (!pointer.empty() && at != nullptr) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    at = token.find('~') == std::string_view::npos ? child(*at, token) : child(*at, unescaped(token));
    pointer.remove_prefix(token.size());
  }
  return at == nullptr || at->is_null() ? nullptr : at;
}

Status apply(Json& document, const Change& change) {
  std::vector<std::string> path = tokens(change.pointer);
  if (path.empty()) return fail(Code::internal, "cannot change the whole document");
  const std::string last = path.back();
  path.pop_back();
  TRY(parent, parent_of(document, path, last, change));
  if (!parent->is_structured())
    return fail(Code::internal, "cannot change " + change.pointer + ": its parent is a value");
  const Json* standing = inserts(*parent, change, last) ? nullptr : child(*parent, last);
  if ((standing != nullptr) != change.before.has_value() || (standing != nullptr && *standing != *change.before))
    return fail(Code::internal, "cannot change " + change.pointer + ": the spec holds something else");
  if (parent->is_array()) return edit_array(*parent, last, change);
  if (change.after) {
    (*parent)[last] = *change.after;
  } else {
    parent->erase(last);
  }
  return {};
}

bool owned(std::string_view pattern, const Change& change) {
  const std::vector<std::string> owner = tokens(pattern);
  std::vector<std::string> path = tokens(change.pointer);
  if (!change.before && change.after && !path.empty() && number(path.back())) path.back() = "-";  // an insertion
  if (owner.size() > path.size()) return false;
  for (std::size_t i = 0; i < owner.size(); ++i) {
    if (owner[i] == "*" ? path[i] == "-" : owner[i] != path[i]) return false;
  }
  return true;
}

bool overlap(std::string_view pattern, std::string_view other) {
  const std::vector<std::string> a = tokens(pattern);
  const std::vector<std::string> b = tokens(other);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const bool wild = (a[i] == "*" && b[i] != "-") || (b[i] == "*" && a[i] != "-");
    if (a[i] != b[i] && !wild) return false;
  }
  return true;
}

}  // namespace hardened::oci
