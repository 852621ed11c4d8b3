// hardenctl profile diff: what one profile allows and another does not.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "generate/system_calls.h"
#include "oci/strict_json.h"

namespace hardened::ctl {
namespace {

struct Options {
  policy::Locations locations;
  std::string first, second;
  bool json = false;
};

// Every member of a profile by its pointer: a list as the set of its elements.
using Flat = std::map<std::string, std::set<std::string>>;

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

void flatten(const Json& value, const std::string& pointer, Flat& flat) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) flatten(member, pointer + "/" + oci::escaped_token(name), flat);
  } else if (value.is_array()) {
    for (const Json& element : value) flat[pointer].insert(shown(element));
  } else {
    flat[pointer].insert(shown(value));
  }
}

// What the names of calls and groups come to takes the place of the names.
Flat flat_of(const Profile& profile) {
  Flat flat;
  flatten(profile.document, "", flat);
  for (const char* unimportant : {"/name", "/description", "/seccomp/allow", "/seccomp/deny"}) flat.erase(unimportant);
  flat["/seccomp/calls"] = generate::allowed_by(profile, generate::this_architecture());
  return flat;
}

struct Difference {
  std::string pointer, value;
  bool is_added = false;
};

void compare(const std::string& pointer, const std::set<std::string>& from, const std::set<std::string>& to,
             bool is_added, std::vector<Difference>& differences) {
  for (const std::string& value : to) {
    if (!from.contains(value)) differences.push_back({pointer, value, is_added});
  }
}

std::vector<Difference> differences_of(const Profile& first, const Profile& second) {
  Flat one = flat_of(first);
  Flat other = flat_of(second);
  for (const auto& [pointer, values] : one) other[pointer];
  std::vector<Difference> differences;
  for (const auto& [pointer, values] : other) {
    compare(pointer, values, one[pointer], false, differences);
    compare(pointer, one[pointer], values, true, differences);
  }
  return differences;
}

Result<int> diff(const Options& options) {
  TRY(first, load_profile(options.first, options.locations));
  TRY(second, load_profile(options.second, options.locations));
  const auto differences = differences_of(first.profile, second.profile);
  Json rows = Json::array();
  Table table({"", "MEMBER", "VALUE"});
  for (const Difference& difference : differences) {
    table.add({difference.is_added ? "+" : "-", difference.pointer, difference.value});
    rows.push_back({{"change", difference.is_added ? "added" : "removed"},
                    {"member", difference.pointer},
                    {"value", difference.value}});
  }
  if (options.json) {
    print(rows);
  } else if (!differences.empty()) {
    table.print();
  }
  return differences.empty() ? fine : flawed;
}

}  // namespace

void add_profile_diff(CLI::App& group, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add(group, "diff", "What changes from one profile to another; ends with 1 if anything does",
                          "  hardenctl profile diff strict nginx\n"
                          "  hardenctl profile diff nginx ./nginx.json --json\n");
  command.add_option("from", options->first, "A profile")->required()->type_name("NAME|FILE");
  command.add_option("to", options->second, "Another one")->required()->type_name("NAME|FILE");
  add_profile_options(command, options->locations, options->json);
  command.callback([options, &action] { action = [options] { return diff(*options); }; });
}

}  // namespace hardened::ctl
