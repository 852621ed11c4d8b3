// Fields: /process/env. Reported, never changed: a variable is readable in /proc, in `docker inspect` and in dumps.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "oci/strict_json.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D06"}, {"OWASP Docker Cheat Sheet", "RULE #12"}};
constexpr std::string_view owns[] = {"/process/env"};

// Globs of the name in upper case.
constexpr std::string_view secret_names[] = {"*PASSWORD*",       "*PASSWD*",     "*PASSPHRASE*",  "*_PWD",
                                             "*SECRET*",         "*TOKEN",       "*API_KEY*",     "*APIKEY*",
                                             "*ACCESS_KEY*",     "*ACCESSKEY*",  "*PRIVATE_KEY*", "*SIGNING_KEY*",
                                             "*ENCRYPTION_KEY*", "*MASTER_KEY*", "*CREDENTIAL*"};
// They name where the secret is, which is how it should be done.
constexpr std::string_view place_names[] = {"*_FILE", "*_PATH", "*_DIR"};
constexpr std::string_view switch_values[] = {"0", "1", "true", "false", "yes", "no", "on", "off"};

// Values that are secrets whatever they are called: the prefix, then at least so many letters, digits, '_' or '-'.
struct Shape {
  std::string_view prefix;
  std::size_t length;
  std::string_view what;
};
constexpr Shape shapes[] = {{"AKIA", 16, "an AWS access key"},     {"ASIA", 16, "an AWS access key"},
                            {"ghp_", 36, "a GitHub token"},        {"gho_", 36, "a GitHub token"},
                            {"ghu_", 36, "a GitHub token"},        {"ghs_", 36, "a GitHub token"},
                            {"github_pat_", 36, "a GitHub token"}, {"glpat-", 20, "a GitLab token"},
                            {"xoxb-", 20, "a Slack token"},        {"xoxp-", 20, "a Slack token"}};

bool matches_one(std::span<const std::string_view> globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [text](std::string_view glob) { return glob_match(glob, text); });
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool has_shape(std::string_view value, const Shape& shape) {
  for (std::size_t at = value.find(shape.prefix); at != std::string_view::npos; at = value.find(shape.prefix, at + 1)) {
    const std::string_view rest = value.substr(at + shape.prefix.size());
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_word);
    const bool begins_a_word = at == 0 || !is_word(value[at - 1]);
    if (begins_a_word && static_cast<std::size_t>(end - rest.begin()) >= shape.length) return true;
  }
  return false;
}

// "postgres://user:password@host/": a password between the first ':' after "://" and an '@' before the next '/'.
bool has_url_password(std::string_view value) {
  const std::size_t start = value.find("://");
  if (start == std::string_view::npos) return false;
  const std::string_view authority = value.substr(start + 3, value.find_first_of("/?#", start + 3) - start - 3);
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  return at != std::string_view::npos && colon != std::string_view::npos && colon + 1 < at;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// What the variable seems to hold; empty: nothing secret.
std::string_view suspicion(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  for (const Shape& shape : shapes) {
    if (has_shape(value, shape)) return shape.what;
  }
  if (value.find("-----BEGIN ") != std::string_view::npos && value.find("PRIVATE KEY-----") != std::string_view::npos)
    return "a private key";
  if (has_url_password(value)) return "an address with a password";
  const std::string key = upper(name);
  const std::string word = lower(value);
  const bool harmless = matches_one(place_names, key) || matches_one(switch_values, word);
  return !harmless && matches_one(secret_names, key) ? "a secret" : std::string_view();
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts&) {
  Verdict verdict(spec);
  for (const std::string& entry : spec.strings(owns[0])) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = entry.substr(0, equals);
    const std::string_view what = suspicion(name, std::string_view(entry).substr(equals + 1));
    if (what.empty()) continue;
    verdict.refuse_unseen(fmt::format("{}/{}", owns[0], oci::escaped_token(name)),
                          fmt::format("the variable {} seems to hold {}", in_quotes(name), what), name);
  }
  return verdict;
}

}  // namespace

const Control secret_env = {
    .id = "secret-env",
    .title = "No secrets in the environment",
    .rationale = "Variables leak: into child processes, crash reports, /proc/PID/environ and the engine's API.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate,
    .fallback = policy::Level::warn};

}  // namespace hardened::controls
