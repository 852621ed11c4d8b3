#include "oci/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "util/text.h"

namespace hardened::oci {
namespace {

// Feeds the parser and counts lines. A token ends before the last byte read at the latest, so a line break just read
// (the parser looks one byte past a number) does not count yet.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* breaks, const char** last) : at_(at), breaks_(breaks), last_(last) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++*breaks_;
    *last_ = at_++;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator copy = *this;
    ++*this;
    return copy;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* breaks_;
  const char** last_;
};

class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const StrictOptions& options) : options_(options) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    // nlohmann turns an integer beyond 64 bits silently into a double.
    if (text.find_first_of(".eE") == std::string::npos)
      return stop("the number " + text.substr(0, 40) + " does not fit 64 bits");
    if (!std::isfinite(value)) return stop("the number " + text.substr(0, 40) + " is out of range");
    return add(value);
  }
  bool string(string_t& value) override { return !has_nul(value) && add(std::move(value)); }
  bool binary(binary_t&) override { return stop("binary data"); }

  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool key(string_t& name) override {
    if (has_nul(name)) return false;
    levels_.back().key = std::move(name);
    return true;
  }
  bool end_object() override {
    Members& members = levels_.back().members;
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const auto& [name, value] : members) names.push_back(name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) return stop("the member " + in_quotes(*twice) + " appears twice");

    Json object = Json::object();
    auto& placed = object.get_ref<Json::object_t&>();
    placed.reserve(members.size());
    for (auto& [name, value] : members) placed.emplace_back(std::move(name), std::move(value));
    return close(std::move(object));
  }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_array() override { return close(std::move(levels_.back().elements)); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while …": keep the cause only.
    const std::string text = error.what();
    const std::size_t cause = text.find(": ");
    return stop(cause == std::string::npos ? text : text.substr(cause + 2));
  }

  // Where the parser stands, filled by parse_strict before it starts.
  std::size_t breaks = 0;
  const char* last = nullptr;

  [[nodiscard]] std::size_t line() const { return breaks + 1 - (last != nullptr && *last == '\n' ? 1 : 0); }

  StrictDocument document;
  std::string problem;
  std::size_t problem_line = 0;

 private:
  // Where an object's members wait for its end: in ordered_json's own vector the name is const, so that each time it
  // grows all that is below the members is copied; and its own insertion searches the whole object, which is quadratic
  // in what an attacker may send.
  using Members = std::vector<std::pair<std::string, Json>>;

  struct Level {
    std::string pointer;
    Json elements;  // of an array; null in an object
    Members members;
    std::string key;  // of the member that comes next
  };

  bool stop(std::string what) {
    problem = std::move(what);
    problem_line = line();
    return false;
  }

  // A path or name ends there for the kernel and for a runtime in C, and goes on for one in Go.
  bool has_nul(const std::string& text) {
    return text.find('\0') != std::string::npos && !stop("a NUL character in a string");
  }

  // The pointer of the value that begins here, empty where nobody asks for lines.
  std::string note_line() {
    if (!options_.lines) return {};
    std::string pointer;
    if (!levels_.empty()) {
      const Level& level = levels_.back();
      pointer = level.pointer + "/" +
                (level.elements.is_array() ? std::to_string(level.elements.size()) : escaped_token(level.key));
    }
    document.lines.emplace(pointer, line());
    return pointer;
  }

  void place(Json value) {
    if (levels_.empty()) {
      document.value = std::move(value);
    } else if (Level& level = levels_.back(); level.elements.is_array()) {
      level.elements.push_back(std::move(value));
    } else {
      level.members.emplace_back(std::move(level.key), std::move(value));
    }
  }

  bool add(Json value) {
    note_line();
    place(std::move(value));
    return true;
  }

  bool open(Json::value_t type) {
    if (levels_.size() >= options_.max_depth)
      return stop(fmt::format("nested deeper than {} levels", options_.max_depth));
    std::string pointer = note_line();
    levels_.push_back({std::move(pointer), type == Json::value_t::array ? Json::array() : Json(), {}, {}});
    return true;
  }

  bool close(Json container) {
    levels_.pop_back();
    place(std::move(container));
    return true;
  }

  const StrictOptions& options_;
  std::vector<Level> levels_;
};

}  // namespace

Result<StrictDocument> parse_strict(std::string_view text, const std::string& name, const StrictOptions& options) {
  if (text.size() > options.max_bytes)
    return fail(Code::syntax, fmt::format("cannot read {}: larger than {} bytes", name, options.max_bytes));
  if (text.starts_with("\xEF\xBB\xBF"))  // the parser passes over it, Go's does not
    return fail(Code::syntax, fmt::format("{}:1: cannot read: it begins with a byte order mark", name));
  // The parser takes it for the end of the text.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return fail(Code::syntax,
                fmt::format("{}:{}: cannot read: a NUL byte", name,
                            1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n')));
  Builder builder(options);
  const CountingIterator begin(text.data(), &builder.breaks, &builder.last);
  const CountingIterator end(text.data() + text.size(), &builder.breaks, &builder.last);
  if (!Json::sax_parse(begin, end, &builder, Json::input_format_t::json, /*strict=*/true, options.comments))
    return fail(Code::syntax, fmt::format("{}:{}: cannot read: {}", name, builder.problem_line, builder.problem));
  return std::move(builder.document);
}

std::string folded(std::string_view name) {
  std::string result;
  result.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i, 2) == "\xC5\xBF") {  // U+017F LATIN SMALL LETTER LONG S
      result += 's';
      ++i;
    } else if (name.substr(i, 3) == "\xE2\x84\xAA") {  // U+212A KELVIN SIGN
      result += 'k';
      i += 2;
    } else {
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
  }
  return result;
}

std::string escaped_token(std::string_view token) {
  std::string result;
  for (const char c : token) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace hardened::oci
