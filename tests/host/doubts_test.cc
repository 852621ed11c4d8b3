// What cannot be looked at is no answer: a process without free descriptors must not take it for "there is none".
#include "host/doubts.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "catch.h"
#include "host/destinations.h"
#include "host/inspector.h"
#include "host/machine.h"
#include "host/namespace_facts.h"
#include "host/sandbox.h"
#include "host/walk.h"

using namespace hardened;
using host::Doubts;

namespace {

// Runs `body` in a process that can open nothing more.
std::string out_of_descriptors(const std::function<std::string()>& body) {
  return sandbox::in_child([&body]() -> std::string {
    rlimit none{0, 0};
    EXPECT(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    return body();
  });
}

}  // namespace

TEST_CASE("doubts: what is not there is an answer, what fails is none, and the first one counts") {
  Doubts doubts;
  for (const int answer : {ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG}) doubts.note("/x", answer);
  CHECK(doubts.certain());
  doubts.note("/first", EMFILE);
  doubts.note("/second", EIO);
  REQUIRE_FALSE(doubts.certain());
  CHECK(doubts.certain().error().code == Code::io);
  CHECK(doubts.certain().error().message == "cannot look at /first (EMFILE)");
}

TEST_CASE("doubts: without descriptors neither the machine nor a namespace can be told") {
  CHECK(out_of_descriptors([]() -> std::string {
          host::Facts facts;
          EXPECT(!host::read_machine(facts));
          EXPECT(!host::namespace_fact("uts", "/proc/self/ns/uts"));
          return {};
        }) == "");
}

TEST_CASE("doubts: without descriptors no path is taken for a missing one") {
  CHECK(out_of_descriptors([]() -> std::string {
          host::Inspector inspector;
          EXPECT(!inspector.open(AT_FDCWD, "/etc").fact.exists);
          EXPECT(!inspector.certain());
          return {};
        }) == "");
  host::Inspector inspector;
  CHECK_FALSE(inspector.open(AT_FDCWD, "/nonexistent/x").fact.exists);
  CHECK(inspector.open(AT_FDCWD, "/etc").fact.exists);
  CHECK(inspector.certain());
}

TEST_CASE("doubts: without descriptors no way into an image is known, nor that there is no link on it") {
  const auto root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  REQUIRE(root);
  CHECK(out_of_descriptors([&]() -> std::string {
          const auto path = host::walk(root->get(), "/etc");
          EXPECT(!path && path.error().code == Code::io);
          EXPECT(!host::crosses_link(root->get(), "etc"));
          return {};
        }) == "");
}

TEST_CASE("doubts: a mount whose place cannot be told is an error") {
  host::Probe probe;
  const auto root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  probe.root = Fd(::dup(root->get()));
  const Json spec = {{"mounts", {{{"destination", "/etc/x"}, {"type", "tmpfs"}}}}};
  CHECK(out_of_descriptors([&]() -> std::string {
          EXPECT(!host::locate_destinations(spec, {}, probe));
          return {};
        }) == "");
  CHECK(host::locate_destinations(spec, {"/etc"}, probe));
  CHECK(probe.facts.destinations.at("/etc").path == "/etc");
}
