// The schemas of profiles/schemas/ and the loader's tables are two statements of one format. A third party, valijson,
// judges documents by the schemas, and the loader must come to the same verdict.
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "catch.h"
#include "policy/decode_policy.h"
#include "policy/decode_profile.h"
#include "policy/embedded.h"
#include "policy/site.h"
#include "util/text.h"

using namespace hardened;
using namespace hardened::policy;

namespace {

// Two documents that hold every member there is, with another value at every leaf.
constexpr char one_policy[] = R"({"$schema": "a", "version": 1, "mode": "enforce", "runtimes": ["/usr/bin/runc"],
  "default_profile": "strict", "build_profile": "build",
  "select": [{"image": "a", "profile": "strict"}, {"program": "b", "profile": "strict"},
             {"annotation": "c", "allow": ["d"]}, {"label": "e", "allow": ["f"]}],
  "controls": {"secret-env": "warn"},
  "waivers": [{"control": "capabilities", "image": "g", "allow": ["h"], "reason": "i", "until": "2027-01-01"}],
  "images": ["j"], "audit": {"when_unwritable": "continue", "also": ["syslog"]}})";
constexpr char other_policy[] = R"({"$schema": "z", "version": 1, "mode": "audit", "runtimes": ["/usr/bin/crun"],
  "default_profile": "compat", "build_profile": "strict",
  "select": [{"image": "z", "profile": "compat"}, {"program": "z", "profile": "compat"},
             {"annotation": "z", "allow": ["z"]}, {"label": "z", "allow": ["z"]}],
  "controls": {"secret-env": "off"},
  "waivers": [{"control": "secret-env", "image": "z", "allow": ["z"], "reason": "z", "until": "2028-01-01"}],
  "images": ["z"], "audit": {"when_unwritable": "refuse", "also": ["syslog"]}})";
constexpr char one_profile[] = R"({"$schema": "a", "name": "web", "description": "b", "extends": "strict",
  "capabilities": ["CAP_CHOWN"],
  "seccomp": {"allow": ["@file"], "deny": ["write"], "errno": "EPERM", "unknown": "ENOSYS", "socket_families": ["AF_UNIX"],
              "compat_architectures": false},
  "rootfs": "read-only", "rootfs_size": "1MiB", "writable": [{"path": "/c", "size": "2MiB"}],
  "limits": {"memory": {"default": 1, "max": "4GiB"}, "pids": {"default": 1, "max": 600},
             "cpu": {"default": 0.5, "max": 7}, "shm": {"default": 1, "max": 900}, "tmpfs": {"default": 1, "max": 110},
             "nofile": {"default": 1, "max": 130}, "nproc": {"default": 1, "max": 150}},
  "user_namespace": {"mode": "private", "size": 131072, "unavailable": "host", "unmappable_mounts": "plain"},
  "user": {"root": "allow", "uid": 16, "gid": 17}, "groups": ["d"], "devices": ["/e"], "sysctls": ["f"],
  "namespaces": ["pid"], "hooks": ["/g"], "annotations": ["h"], "training": false, "attest": true,
  "recorder": {"tier": "bpf", "buffer": "1MiB"}})";
constexpr char other_profile[] = R"({"$schema": "z", "name": "zzz", "description": "z", "extends": "compat",
  "capabilities": ["CAP_KILL"],
  "seccomp": {"allow": ["read"], "deny": ["ptrace"], "errno": "EACCES", "unknown": "EPERM", "socket_families": ["AF_INET"],
              "compat_architectures": true},
  "rootfs": "persistent", "rootfs_size": 7, "writable": [{"path": "/z", "size": 7}],
  "limits": {"memory": {"default": 7, "max": "5GiB"}, "pids": {"default": 7, "max": 777},
             "cpu": {"default": 0.7, "max": 7.7}, "shm": {"default": 7, "max": 777}, "tmpfs": {"default": 7, "max": 777},
             "nofile": {"default": 7, "max": 777}, "nproc": {"default": 7, "max": 777}},
  "user_namespace": {"mode": "host", "size": 65536, "unavailable": "refuse", "unmappable_mounts": "refuse"},
  "user": {"root": "refuse", "uid": 77, "gid": 77}, "groups": ["z"], "devices": ["/z"], "sysctls": ["z"],
  "namespaces": ["uts"], "hooks": ["/z"], "annotations": ["z"], "training": true, "attest": false,
  "recorder": {"tier": "audit", "buffer": "64MiB"}})";
// Read by editors or by the chain of "extends", not by the struct; "version" and "also" have one value each.
const std::vector<std::string> without_effect = {"/$schema", "/description", "/extends", "/version", "/audit/also/0"};

class Format {
 public:
  Format(const std::string& schema, const char* one, const char* other)
      : schema_(nlohmann::json::parse(embedded::find("schemas/" + schema))),
        one_(Json::parse(one)),
        other_(Json::parse(other)) {
    valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_), compiled_);
  }

  [[nodiscard]] const nlohmann::json& schema() const { return schema_; }
  [[nodiscard]] const Json& one() const { return one_; }
  [[nodiscard]] const Json& other() const { return other_; }
  [[nodiscard]] bool valid(const Json& document) const {
    const auto plain = nlohmann::json::parse(document.dump());
    valijson::Validator validator;
    return validator.validate(compiled_, valijson::adapters::NlohmannJsonAdapter(plain), nullptr);
  }

 private:
  nlohmann::json schema_;
  valijson::Schema compiled_;
  Json one_;
  Json other_;
};

const Format& policies() {
  static const Format format("policy.schema.json", one_policy, other_policy);
  return format;
}
const Format& profiles() {
  static const Format format("profile.schema.json", one_profile, other_profile);
  return format;
}

const Known known = site::known();
const std::vector<std::string> names = {"build", "compat", "strict"};

Result<PolicyFile> decode(const PolicyFile*, const Json& document) {
  return decode_policy({"p", "", document}, {.known = &known, .profiles = names, .waivers = {}});
}
Result<Profile> decode(const Profile*, const Json& document) {
  Profile profile;  // as if it extended one with limits
  for (auto* limit : {&profile.limits.memory, &profile.limits.pids, &profile.limits.shm, &profile.limits.tmpfs,
                      &profile.limits.nofile, &profile.limits.nproc})
    *limit = {1, 1000};
  profile.limits.cpu = {1, 1000};
  TRY_DO(decode_onto({"p", "", document}, profile, {.known = &known, .profiles = names, .waivers = {}}));
  return profile;
}

// Every pointer of `document`, containers before what they hold.
void walk(const Json& document, const std::string& at, std::vector<std::string>& pointers) {
  pointers.push_back(at);
  if (!document.is_structured()) return;
  for (const auto& [key, value] : document.items()) walk(value, at + "/" + key, pointers);
}
std::vector<std::string> pointers_of(const Json& document) {
  std::vector<std::string> pointers;
  walk(document, "", pointers);
  return pointers;
}

Json with(Json document, const std::string& pointer, const Json& value) {
  document[Json::json_pointer(pointer)] = value;
  return document;
}

Json without(Json document, const std::string& pointer) {
  const std::size_t slash = pointer.rfind('/');
  Json& parent = document[Json::json_pointer(pointer.substr(0, slash))];
  if (parent.is_array()) {
    parent.erase(std::stoul(pointer.substr(slash + 1)));
  } else {
    parent.erase(pointer.substr(slash + 1));
  }
  return document;
}

// The part of the schema that describes `pointer`.
const nlohmann::json& schema_at(const nlohmann::json& root, const std::string& pointer) {
  const nlohmann::json* at = &root;
  const auto follow = [&root, &at] {
    while (at->contains("$ref"))
      at = &root.at(nlohmann::json::json_pointer(at->at("$ref").get<std::string>().substr(1)));
  };
  follow();
  for (std::size_t from = 1; from != 0 && from < pointer.size();) {
    const std::size_t end = pointer.find('/', from);
    const std::string token = pointer.substr(from, end == std::string::npos ? end : end - from);
    at = at->contains("items") ? &at->at("items") : &at->at("properties").at(token);
    follow();
    from = end == std::string::npos ? 0 : end + 1;
  }
  return *at;
}

std::set<std::string> members_in_schema(const nlohmann::json& schema) {
  std::set<std::string> members;
  for (const auto& [name, value] : schema.at("properties").items()) members.insert(name);
  return members;
}

std::set<std::string> members_in_hint(std::string hint) {
  const std::string start = "the members here are ";
  REQUIRE(hint.find(start) == 0);
  std::set<std::string> members;
  for (const std::string& name : split(hint.substr(start.size()), ','))
    members.insert(name.substr(name.front() == ' ' ? 1 : 0));
  return members;
}

template <typename Struct>
void both_documents_are_valid(const Format& format) {
  for (const Json& document : {format.one(), format.other()}) {
    CHECK(format.valid(document));
    CHECK(decode(static_cast<Struct*>(nullptr), document));
  }
}

// The loader knows exactly the members of the schema, in every object.
template <typename Struct>
void same_members(const Format& format) {
  for (const std::string& pointer : pointers_of(format.one())) {
    if (!format.one().at(Json::json_pointer(pointer)).is_object() || pointer == "/controls") continue;
    INFO(pointer);
    const Json document = with(format.one(), pointer + "/zzzzzzzz", 1);
    const auto decoded = decode(static_cast<Struct*>(nullptr), document);
    REQUIRE_FALSE(decoded);
    CHECK_FALSE(format.valid(document));
    CHECK(members_in_hint(decoded.error().hint) == members_in_schema(schema_at(format.schema(), pointer)));
  }
}

// The samples leave out no member of the schema (rows of "select" share theirs), so the checks below reach all.
void samples_are_complete(const Format& format) {
  for (const std::string& pointer : pointers_of(format.one())) {
    const Json& value = format.one().at(Json::json_pointer(pointer));
    if (!value.is_object() || pointer == "/controls" || pointer.find("/select/") == 0) continue;
    for (const std::string& member : members_in_schema(schema_at(format.schema(), pointer))) {
      INFO(pointer << "/" << member);
      CHECK(value.contains(member));
    }
  }
}

// No member is accepted and then ignored.
template <typename Struct>
void every_leaf_counts(const Format& format) {
  const auto original = decode(static_cast<Struct*>(nullptr), format.one());
  REQUIRE(original);
  for (const std::string& pointer : pointers_of(format.one())) {
    const Json& value = format.other().at(Json::json_pointer(pointer));
    if (value.is_structured()) continue;
    INFO(pointer);
    const auto changed = decode(static_cast<Struct*>(nullptr), with(format.one(), pointer, value));
    REQUIRE(changed);
    const bool has_effect = std::find(without_effect.begin(), without_effect.end(), pointer) == without_effect.end();
    CHECK((*changed == *original) != has_effect);
  }
}

// At every place, values of every kind, and nothing: the same verdict from the schema and from the loader.
template <typename Struct>
void same_verdicts(const Format& format) {
  const Json values[] = {nullptr,
                         true,
                         0,
                         -1,
                         1,
                         1.5,
                         1e300,
                         "",
                         "\n",
                         "/",
                         "../x",
                         Json::array(),
                         Json::array({Json::array()}),
                         Json::array({1}),
                         Json::array({""}),
                         Json::object(),
                         Json::parse(R"({"zzzzzzzz": 1})")};
  for (const std::string& pointer : pointers_of(format.one())) {
    std::vector<Json> documents;
    for (const Json& value : values) documents.push_back(with(format.one(), pointer, value));
    if (!pointer.empty()) documents.push_back(without(format.one(), pointer));
    for (const Json& document : documents) {
      INFO(pointer << " in " << document.dump());
      CHECK(decode(static_cast<Struct*>(nullptr), document).has_value() == format.valid(document));
    }
  }
}

}  // namespace

TEST_CASE("schemas: policy.json, as the loader reads it") {
  both_documents_are_valid<PolicyFile>(policies());
  samples_are_complete(policies());
  same_members<PolicyFile>(policies());
  every_leaf_counts<PolicyFile>(policies());
  same_verdicts<PolicyFile>(policies());
}

TEST_CASE("schemas: a profile, as the loader reads it") {
  both_documents_are_valid<Profile>(profiles());
  samples_are_complete(profiles());
  same_members<Profile>(profiles());
  every_leaf_counts<Profile>(profiles());
  same_verdicts<Profile>(profiles());
}

TEST_CASE("schemas: the shipped profiles keep to them") {
  for (const embedded::File& file : embedded::files()) {
    if (file.name.find('/') != std::string_view::npos) continue;
    INFO(file.name);
    CHECK(profiles().valid(Json::parse(file.text)));
  }
}
