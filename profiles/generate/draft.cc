#include "generate/draft.h"

#include <fmt/format.h>

#include <algorithm>

#include "oci/strict_json.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

constexpr std::size_t width = 110;
constexpr std::size_t step = 2;

bool is_small(const Json& value) {
  return value.empty() ||
         std::none_of(value.begin(), value.end(), [](const Json& item) { return item.is_structured(); });
}

// What is in a comment may stem from a log: a line end would make the rest of it part of the profile.
std::string harmless(std::string comment) {
  std::replace_if(
      comment.begin(), comment.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return comment;
}

class Writer {
 public:
  explicit Writer(const Draft& draft) : draft_(draft) {}

  void write(const Json& value, const std::string& pointer, std::size_t indent) {
    if (!value.is_structured()) {
      text_ += dumped(value);
    } else if (value.empty()) {
      text_ += value.is_object() ? "{}" : "[]";
    } else if (is_small(value) && !has_comments(pointer) && fits(value, indent)) {
      write_inline(value);
    } else if (is_small(value) && !has_comments(pointer) && value.is_array()) {
      write_wrapped(value, indent + step);
    } else {
      write_lines(value, pointer, indent + step);
    }
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  static std::string dumped(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

  static std::string inline_text(const Json& value) {
    std::vector<std::string> parts;
    for (const auto& [name, item] : value.items())
      parts.push_back(value.is_object() ? fmt::format("{}: {}", as_json(name), dumped(item)) : dumped(item));
    return value.is_object() ? "{ " + join(parts, ", ") + " }" : "[" + join(parts, ", ") + "]";
  }
  static bool fits(const Json& value, std::size_t indent) { return indent + inline_text(value).size() < width; }

  [[nodiscard]] bool has_comments(const std::string& pointer) const {
    const auto next = draft_.comments.lower_bound(pointer + "/");
    return next != draft_.comments.end() && next->first.starts_with(pointer + "/");
  }

  void start_line(std::size_t indent) { text_ += "\n" + std::string(indent, ' '); }

  void write_inline(const Json& value) { text_ += inline_text(value); }

  // As many items on a line as there is room for.
  void write_wrapped(const Json& value, std::size_t indent) {
    text_ += "[";
    std::size_t used = width;
    for (const Json& item : value) {
      const std::string word = dumped(item) + (&item == &value.back() ? "" : ",");
      if (used + 1 + word.size() > width) {
        start_line(indent);
        used = indent;
      } else {
        text_ += " ";
        ++used;
      }
      text_ += word;
      used += word.size();
    }
    start_line(indent - step);
    text_ += "]";
  }

  // An item a line, with its comment behind it.
  void write_lines(const Json& value, const std::string& pointer, std::size_t indent) {
    text_ += value.is_object() ? "{" : "[";
    std::size_t left = value.size();
    for (const auto& [name, item] : value.items()) {
      const std::string place = fmt::format("{}/{}", pointer, oci::escaped_token(name));
      start_line(indent);
      if (value.is_object()) text_ += as_json(name) + ": ";
      write(item, place, indent);
      if (--left != 0) text_ += ",";
      const auto comment = draft_.comments.find(place);
      if (comment != draft_.comments.end()) text_ += "  // " + harmless(comment->second);
    }
    start_line(indent - step);
    text_ += value.is_object() ? "}" : "]";
  }

  const Draft& draft_;
  std::string text_;
};

}  // namespace

std::string as_json(std::string_view text) {
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string in_comment(std::string_view text) {
  constexpr std::size_t most = 160;
  const std::string json = as_json(text);
  if (json.size() <= most) return json;
  return json.substr(0, most) + "...";
}

std::string rendered(const Draft& draft) {
  std::string text;
  for (const std::string& line : draft.header) text += line.empty() ? "//\n" : "// " + harmless(line) + "\n";
  Writer writer(draft);
  writer.write(draft.document, "", 0);
  return text + std::move(writer).text() + "\n";
}

}  // namespace hardened::generate
