#include "generate/merge.h"

#include "catch.h"
#include "generate/samples.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

// The trained profile of sample_run(), as a file.
policy::Document base() {
  return policy::Document::parse("web.json", generate::rendered(draft_of(evidence_of({sample_run()})))).value();
}

generate::Merged merged(const Json& run, const policy::Document& document = base()) {
  generate::Draft draft;
  draft.document = document.value;
  const Profile profile = profile_of(draft).value();
  return generate::merge(document, profile, evidence_of({run}), runtime::known_names());
}

Profile result(const generate::Merged& merged) {
  return profile_of(merged.draft).value();
}

Json more() {
  Json run = sample_run(second_run);
  run["syscalls"]["SCMP_ARCH_X86_64"]["keyctl"] = {"stop"};
  run["arguments"][0]["values"] = {1U, 2U};
  run["capabilities"][1]["granted"] = true;
  run["writes"].push_back({{"path", "/data/x"}, {"kind", "file"}, {"bytes", 7U}});
  run["peaks"]["pids"] = 100U;
  return run;
}

}  // namespace

TEST_CASE("merge: a run that did nothing new changes nothing, not a byte of the document") {
  const auto same = merged(sample_run());
  CHECK(same.changes.empty());
  CHECK(same.draft.document == base().value);
}

TEST_CASE("merge: what is new is added and said, and what is there stays") {
  const auto widened = merged(more());
  CHECK(widened.changes == std::vector<std::string>{"allows the call keyctl", "allows sockets of AF_UNIX",
                                                    "grants CAP_CHOWN", "makes \"/data\" writable",
                                                    "raises the limit of pids"});
  const Profile profile = result(widened);
  CHECK(std::is_sorted(profile.seccomp.allow.begin(), profile.seccomp.allow.end()));
  CHECK(generate::merge(base(), profile, evidence_of({sample_run()}), runtime::known_names()).changes.empty());
  CHECK(profile.capabilities == std::vector<std::string>{"CAP_CHOWN", "CAP_SETUID"});
  CHECK(profile.seccomp.socket_families == std::vector<std::string>{"AF_INET", "AF_INET6", "AF_UNIX"});
  CHECK(profile.writable.size() == 2);
  CHECK(profile.limits.pids.fallback == 200);
}

TEST_CASE("merge: once merged, the same run changes nothing more") {
  const auto widened = merged(more());
  const auto document = policy::Document::parse("web.json", generate::rendered(widened.draft)).value();
  CHECK(merged(more(), document).changes.empty());
}

TEST_CASE("merge: a 32-bit program opens the 32-bit interface, once") {
  Json run = sample_run(second_run);
  run["syscalls"]["SCMP_ARCH_X86"] = {{"read", {"serve"}}};
  const auto widened = merged(run);
  const auto said = [](const generate::Merged& merged) {
    return std::count(merged.changes.begin(), merged.changes.end(), "allows 32-bit programs");
  };
  CHECK(said(widened) == 1);
  CHECK_FALSE(profile_of(draft_of(evidence_of({sample_run()})))->seccomp.compat_architectures);
  CHECK(result(widened).seccomp.compat_architectures);
  CHECK(said(merged(run, policy::Document::parse("web.json", generate::rendered(widened.draft)).value())) == 0);
}

TEST_CASE("merge: a call that the profile denies is taken out of its groups") {
  const Profile profile = result(merged(more()));
  const auto& deny = profile.seccomp.deny;
  CHECK(std::find(deny.begin(), deny.end(), "@keyring") == deny.end());
  CHECK(std::find(deny.begin(), deny.end(), "add_key") != deny.end());
}

TEST_CASE("merge: groups of the profile cover their calls, also those it inherits") {
  const auto document = policy::Document::parse("web.json", R"({"name": "web", "capabilities": ["CAP_SETUID"],
    "writable": [{"path": "/var/cache"}]})")
                            .value();
  CHECK(merged(sample_run(), document).changes.empty());
  const auto widened = merged(more(), document);
  CHECK(result(widened).seccomp.allow.size() == strict().seccomp.allow.size() + 1);
}

TEST_CASE("merge: the comment at the top is kept, and tells of the new runs") {
  const auto document = policy::Document::parse("web.json", "// ours\n//  since 2024\n{\"name\": \"web\"}").value();
  const auto& header = merged(more(), document).draft.header;
  REQUIRE(header.size() == 3);
  CHECK(header[0] == "ours");
  CHECK(header[1] == " since 2024");
  CHECK(header[2].starts_with(std::string("merged    ") + second_run));
}

TEST_CASE("merge: a directory that was too small grows; a root that is writable needs none") {
  Json run = sample_run(second_run);
  run["writes"][0]["bytes"] = std::uint64_t{700} << 20;
  const auto widened = merged(run);
  CHECK(widened.changes.front() == "lets \"/var/cache/nginx\" grow to 1400MiB");
  CHECK(result(widened).limits.tmpfs.max == std::uint64_t{1400} << 20);
  run["writes"][0]["bytes"] = std::uint64_t{10} << 20;  // of 16 MiB
  CHECK(merged(run).changes.empty());
  const auto document = policy::Document::parse("web.json", R"({"name": "web", "rootfs": "ephemeral",
    "capabilities": ["CAP_SETUID"]})")
                            .value();
  CHECK(merged(run, document).changes.empty());
}

TEST_CASE("merge: what a run does not tell is said, and counts for no denial") {
  Json run = sample_run();
  run.erase("capabilities");
  const auto untold = merged(run);
  CHECK(untold.changes.empty());
  CHECK(untold.denied.empty());
  CHECK(untold.untold ==
        std::vector<std::string>{std::string("run ") + first_run + " does not tell which capabilities were used"});
  run["tier"] = "audit";
  CHECK(merged(run).untold.at(0).ends_with("which capabilities were used, nor arguments"));
  CHECK(merged(sample_run()).untold.empty());
}
