#include "host/id_pool.h"

#include <sys/resource.h>

#include "catch.h"
#include "processes.h"
#include "temporary.h"

using namespace hardened;
using testing::TemporaryDirectory;
using testing::write_text;

TEST_CASE("id pool: the default, kept clear of the host's users and of other people's subordinate ids") {
  const TemporaryDirectory etc;
  write_text(etc.path("passwd"), "root:x:0:0::/root:/bin/sh\nodd\nbig:x:1073741900:5::/:/bin/sh\n");
  write_text(etc.path("group"), "root:x:0:\nfar:x:1073807400:\n");
  write_text(etc.path("subuid"), "alice:1074003968:65536\nbad:x:1\n");
  const auto pool = host::id_pool(etc.path());
  REQUIRE(pool);
  CHECK(pool->uid == host::default_first_id);
  CHECK(pool->gid == host::default_first_id);
  CHECK(pool->slots == host::default_slots);
  REQUIRE(pool->users.size() == 3);
  CHECK(pool->users[1].overlaps(host::default_first_id, 65536));
  CHECK_FALSE(pool->users[1].overlaps(host::default_first_id + 65536, 65536));
  CHECK(pool->users[2].overlaps(1074003968 + 65535, 1));
  CHECK(pool->groups[1].overlaps(host::default_first_id + 65536, 65536));
}

TEST_CASE("id pool: no files at all are no error") {
  const TemporaryDirectory etc;
  REQUIRE(host::id_pool(etc.path()));
}

TEST_CASE("id pool: a file that cannot be read is an error: its ids might be given out") {
  const TemporaryDirectory etc;
  write_text(etc.path("passwd"), "big:x:1073741900:5::/:/bin/sh\n");
  const auto out_of_descriptors = [&] {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return false;
    const auto pool = host::id_pool(etc.path());
    return !pool && pool.error().code == Code::io;
  };
  CHECK(testing::succeeded(testing::start(out_of_descriptors)));
}

TEST_CASE("id pool: the subordinate ids of the user \"hardened\", whole aligned ranges of them") {
  const TemporaryDirectory etc;
  write_text(etc.path("subuid"), "alice:100000:65536\nhardened:200000:262144\n");
  write_text(etc.path("subgid"), "hardened:300000:1048576\n");
  const auto pool = host::id_pool(etc.path());
  REQUIRE(pool);
  CHECK(pool->uid == 262144);
  CHECK(pool->gid == 327680);
  CHECK(pool->slots == 3);  // 262144 to 458752 of the 200000 to 462144
}

TEST_CASE("id pool: half of what is needed is an error that says what to do") {
  const TemporaryDirectory etc;
  write_text(etc.path("subuid"), "hardened:1073741824:65536\n");
  auto pool = host::id_pool(etc.path());
  REQUIRE_FALSE(pool);
  CHECK(pool.error().message.find("subgid") != std::string::npos);
  write_text(etc.path("subgid"), "hardened:1073741825:65536\n");  // no aligned range in it
  CHECK_FALSE(host::id_pool(etc.path()));
  write_text(etc.path("subgid"), "hardened:1073741824:65536\n");
  CHECK(host::id_pool(etc.path()).value().slots == 1);
}

TEST_CASE("id pool: a malformed line of its own is an error with its place, one of others is theirs") {
  const TemporaryDirectory etc;
  for (const char* file : {"subuid", "subgid"}) write_text(etc.path(file), "alice:x:1\nhardened:1073741824:many\n");
  const auto pool = host::id_pool(etc.path());
  REQUIRE_FALSE(pool);
  CHECK(pool.error().message.find("subuid:2: cannot use") != std::string::npos);
  for (const char* file : {"subuid", "subgid"}) write_text(etc.path(file), "alice:x:1\nhardened:1073741824:65536\n");
  CHECK(host::id_pool(etc.path()).value().slots == 1);
}
