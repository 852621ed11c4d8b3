// The table as a whole: what is true of every control, and that README.md says the same as the table.
#include "controls/registry.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "catch.h"
#include "controls/controls.h"
#include "oci/change.h"
#include "oci/schema.h"
#include "util/text.h"

using namespace hardened;
using controls::Control;

namespace {

const std::string source = HARDENED_SOURCE_DIR;

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> ids() {
  std::vector<std::string> result;
  for (const Control* control : controls::registry()) result.emplace_back(control->id);
  return result;
}

bool is_kebab_case(std::string_view id) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !id.empty() && letter(id.front()) && letter(id.back()) && id.find("--") == std::string_view::npos &&
         std::all_of(id.begin(), id.end(), [&](char c) { return letter(c) || c == '-'; });
}

// The names controls.h declares, as ids.
std::vector<std::string> declared() {
  std::vector<std::string> result;
  std::istringstream lines(read_text(source + "/shim/controls/controls.h"));
  const std::string start = "extern const Control ";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(start) || !line.ends_with(';')) continue;
    std::string name = line.substr(start.size(), line.size() - start.size() - 1);
    std::replace(name.begin(), name.end(), '_', '-');
    result.push_back(std::move(name));
  }
  return result;
}

std::string references_of(const Control& control) {
  std::vector<std::string> result;
  for (const controls::Reference& reference : control.references)
    result.push_back(std::string(reference.document) + " " + std::string(reference.item));
  return join(result, ", ");
}

std::string table() {
  std::string result = "| control | what is true afterwards | the attack it stops | references |\n|---|---|---|---|\n";
  for (const Control* control : controls::registry()) {
    result += "| `" + std::string(control->id) + "` | " + std::string(control->title) + " | " +
              std::string(control->rationale) + " | " + references_of(*control) + " |\n";
  }
  return result;
}

constexpr std::string_view begin_mark = "<!-- controls:begin -->\n";
constexpr std::string_view end_mark = "<!-- controls:end -->";

}  // namespace

TEST_CASE("registry: every id is kebab-case, given once, and found by its name") {
  std::set<std::string> seen;
  for (const std::string& id : ids()) {
    INFO(id);
    CHECK(is_kebab_case(id));
    CHECK(seen.insert(id).second);
    REQUIRE(controls::find_control(id) != nullptr);
    CHECK(controls::find_control(id)->id == id);
  }
  CHECK(controls::find_control("no-such-control") == nullptr);
  CHECK(controls::find_control("") == nullptr);
}

TEST_CASE("registry: a control that is declared is in the table, under its own name") {
  std::vector<std::string> names = declared();
  std::vector<std::string> known = ids();
  std::sort(names.begin(), names.end());
  std::sort(known.begin(), known.end());
  CHECK(names.size() > 30);
  CHECK(names == known);
}

TEST_CASE("registry: no two controls may change the same place of a spec") {
  const auto table = controls::registry();
  for (std::size_t i = 0; i < table.size(); ++i) {
    for (std::size_t j = i + 1; j < table.size(); ++j) {
      for (const std::string_view mine : table[i]->owns) {
        for (const std::string_view other : table[j]->owns) {
          INFO(table[i]->id << " " << mine << ", " << table[j]->id << " " << other);
          CHECK_FALSE(oci::overlap(mine, other));
        }
      }
    }
  }
}

TEST_CASE("registry: what a control owns is a member that the runtime-spec knows") {
  for (const Control* control : controls::registry()) {
    for (const std::string_view pattern : control->owns) {
      INFO(control->id << " " << pattern);
      REQUIRE(pattern.starts_with('/'));
      const oci::Shape* shape = &oci::spec_shape;
      for (const std::string& token : split(pattern.substr(1), '/')) {
        if (shape == nullptr || token == "*" || token == "-") continue;
        const auto field = std::find_if(shape->fields.begin(), shape->fields.end(),
                                        [&token](const oci::Field& known) { return known.name == token; });
        REQUIRE(field != shape->fields.end());
        shape = field->shape;
      }
    }
  }
}

TEST_CASE("registry: every control says what is true afterwards, which attack it stops, and who asks for it") {
  for (const Control* control : controls::registry()) {
    INFO(control->id);
    CHECK(control->evaluate != nullptr);
    for (const std::string_view text : {control->title, control->rationale}) {
      CHECK(text.size() > 15);
      CHECK(text.find_first_of("|\n") == std::string_view::npos);  // one cell of a table
      CHECK((text.front() == '/' || (text.front() >= 'A' && text.front() <= 'Z')));
    }
    CHECK_FALSE(control->title.ends_with('.'));
    CHECK(control->rationale.ends_with('.'));
    CHECK_FALSE(control->references.empty());
    for (const controls::Reference& reference : control->references) {
      for (const std::string_view text : {reference.document, reference.item}) {
        REQUIRE_FALSE(text.empty());
        CHECK((text.front() != ' ' && text.back() != ' '));
        CHECK(text.find_first_of("|\n") == std::string_view::npos);
      }
    }
  }
}

TEST_CASE("registry: README.md lists the controls as they are (HARDENED_UPDATE_README=1 writes the list)") {
  const std::string path = source + "/README.md";
  std::string readme = read_text(path);
  const std::size_t begin = readme.find(begin_mark);
  const std::size_t end = readme.find(end_mark);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::size_t start = begin + begin_mark.size();
  REQUIRE(start <= end);
  if (std::getenv("HARDENED_UPDATE_README") != nullptr) {
    readme.replace(start, end - start, table());
    std::ofstream(path) << readme;
    return;
  }
  INFO("expected:\n" << table());
  CHECK((readme.substr(start, end - start) == table()));
}
