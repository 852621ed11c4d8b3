// The names a policy may use are those the program knows; the shipped profiles use no other.
#include "runtime/known_names.h"

#include "catch.h"
#include "policy/site.h"

using namespace hardened;

TEST_CASE("known names: a site's copy of a shipped profile passes every check") {
  for (const std::string name : {"strict", "compat"}) {
    INFO(name);
    site::Site site(runtime::known_names());
    Json document = policy::built_in(name, runtime::known_names()).value().document;
    document["name"] = "mine";
    site.write("profiles.d/mine.json", document.dump());
    site.write("policy.json", R"({"version": 1, "default_profile": "mine"})");
    CHECK(site.error() == "loaded");
  }
}

TEST_CASE("known names: a name of a later kernel or a typing error is an error") {
  site::Site site(runtime::known_names());
  site.write("policy.json", R"({"version": 1, "default_profile": "mine"})");
  for (const auto& [member, error] : {
           std::pair{R"("deny": ["@mounts"])", R"(cannot use "@mounts" in "deny": no such group of system calls)"},
           std::pair{R"("allow": ["opennat"])", R"(cannot use "opennat" in "allow": no such system call)"},
           std::pair{R"("socket_families": ["AF_INTE"])", R"(cannot use "AF_INTE" in "socket_families")"},
       }) {
    site.write("profiles.d/mine.json", R"({"name": "mine", "seccomp": {)" + std::string(member) + "}}");
    INFO(site.error());
    CHECK(site.error().find(error) != std::string::npos);
  }
}
