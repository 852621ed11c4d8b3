#include "util/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "catch.h"
#include "processes.h"
#include "temporary.h"
#include "util/fd.h"

using namespace hardened;
using testing::read_text;
using testing::TemporaryDirectory;
using testing::write_text;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

Fd directory(const TemporaryDirectory& temporary) {
  return Fd(::open(temporary.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool mentions(const Error& error, const char* text) {
  return error.message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("open_at: close-on-exec, and errors name the path and the symbolic error") {
  TemporaryDirectory temporary;
  write_text(temporary.path("file"), "x");
  const Fd at = directory(temporary);
  const auto opened = open_at(at.get(), "file", O_RDONLY);
  REQUIRE(opened);
  CHECK((::fcntl(opened->get(), F_GETFD) & FD_CLOEXEC) != 0);
  const auto missing = open_at(at.get(), "nothing", O_RDONLY);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "cannot open nothing (ENOENT)");
}

TEST_CASE("Fd: closes what it owns once, also when moved over") {
  int raw = -1;
  {
    Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    raw = first.get();
    Fd second(std::move(first));
    Fd third;
    third = std::move(second);
    CHECK(third.get() == raw);
    CHECK(third.valid());
    CHECK(::fcntl(raw, F_GETFD) >= 0);
  }
  CHECK(::fcntl(raw, F_GETFD) == -1);
  Fd released(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  raw = released.release();
  CHECK_FALSE(released.valid());
  CHECK(::close(raw) == 0);
}

TEST_CASE("read_all: the limit is the largest size that is still read") {
  TemporaryDirectory temporary;
  write_text(temporary.path("file"), std::string(100, 'x'));
  for (const std::size_t limit : {99U, 100U, 101U}) {
    const auto fd = open_at(AT_FDCWD, temporary.path("file"), O_RDONLY);
    REQUIRE(fd);
    CHECK(read_all(fd->get(), limit, "file").has_value() == (limit >= 100));
  }
}

TEST_CASE("read_all: files that do not tell their size, and pipes") {
  const auto proc = open_at(AT_FDCWD, "/proc/self/status", O_RDONLY);
  REQUIRE(proc);
  CHECK(read_all(proc->get(), 1U << 20, "status").value().find("Pid:") != std::string::npos);
  const auto endless = open_at(AT_FDCWD, "/dev/zero", O_RDONLY);
  REQUIRE(endless);
  const auto refused = read_all(endless->get(), 200'000, "zero");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "cannot read zero: larger than 200000 bytes");
}

TEST_CASE("write_all: short writes are continued, a full disk is an error") {
  const auto full = open_at(AT_FDCWD, "/dev/full", O_WRONLY);
  REQUIRE(full);
  const auto written = write_all(full->get(), "x", "full");
  REQUIRE_FALSE(written);
  CHECK(written.error().message == "cannot write full (ENOSPC)");
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reader(ends[0]);
  const pid_t writer =
      testing::start([&] { return write_all(ends[1], std::string(300'000, 'y'), "pipe").has_value(); });
  ::close(ends[1]);
  CHECK(read_all(reader.get(), 1U << 20, "pipe").value() == std::string(300'000, 'y'));
  CHECK(testing::succeeded(writer));
}

TEST_CASE("trusted files: only a regular file that nobody but root can write") {
  TemporaryDirectory temporary;
  const Fd at = directory(temporary);
  write_text(temporary.path("good"), "text");
  ::chmod(temporary.path("good").c_str(), 0644);
  CHECK(read_trusted_file(at.get(), "good", 100).value() == "text");
  CHECK_FALSE(read_trusted_file(at.get(), "good", 3));

  write_text(temporary.path("group"), "text");
  ::chmod(temporary.path("group").c_str(), 0664);
  write_text(temporary.path("others"), "text");
  ::chmod(temporary.path("others").c_str(), 0602);
  write_text(temporary.path("foreign"), "text");
  REQUIRE(::chown(temporary.path("foreign").c_str(), 1000, 0) == 0);
  REQUIRE(::symlink("good", temporary.path("link").c_str()) == 0);
  REQUIRE(::mkfifo(temporary.path("fifo").c_str(), 0600) == 0);
  REQUIRE(::mkdir(temporary.path("folder").c_str(), 0700) == 0);
  struct Row {
    const char* name;
    const char* message;
    const char* hint;
  };
  const Row rows[] = {{"group", "cannot trust group: writable by group or others", "chmod go-w group"},
                      {"others", "cannot trust others: writable by group or others", "chmod go-w others"},
                      {"foreign", "cannot trust foreign: owned by uid 1000, not by root", "chown root foreign"},
                      {"link", "cannot open link (ELOOP)", ""},
                      {"fifo", "cannot trust fifo: not a regular file", ""},
                      {"folder", "cannot trust folder: not a regular file", ""},
                      {"missing", "cannot open missing (ENOENT)", ""}};
  for (const Row& row : rows) {
    const auto text = read_trusted_file(at.get(), row.name, 100);
    INFO(row.name);
    REQUIRE_FALSE(text);
    CHECK(text.error().message == row.message);
    CHECK(text.error().hint == row.hint);
  }
}

TEST_CASE("trusted directories: a real directory that nobody but root can write") {
  TemporaryDirectory temporary;
  const Fd at = directory(temporary);
  REQUIRE(make_trusted_directory(at.get(), "made", 0750));
  CHECK(mode_of(temporary.path("made")) == 0750);
  CHECK(make_trusted_directory(at.get(), "made"));
  CHECK(mode_of(temporary.path("made")) == 0750);
  REQUIRE(::symlink("made", temporary.path("link").c_str()) == 0);
  write_text(temporary.path("file"), "");
  REQUIRE(::mkdir(temporary.path("open").c_str(), 0700) == 0);
  ::chmod(temporary.path("open").c_str(), 0777);
  REQUIRE(::mkdir(temporary.path("foreign").c_str(), 0700) == 0);
  REQUIRE(::chown(temporary.path("foreign").c_str(), 1000, 1000) == 0);
  for (const char* name : {"link", "file", "open", "foreign"}) {
    INFO(name);
    CHECK_FALSE(make_trusted_directory(at.get(), name));
    CHECK_FALSE(open_trusted_directory(at.get(), name));
  }
  CHECK_FALSE(open_trusted_directory(at.get(), "missing"));
  const auto orphan = make_trusted_directory(at.get(), "missing/child");
  REQUIRE_FALSE(orphan);
  CHECK(mentions(orphan.error(), "cannot make directory missing/child (ENOENT)"));
}

TEST_CASE("make_directories: the last one private, the ones above passable, what exists kept") {
  TemporaryDirectory temporary;
  REQUIRE(make_directories(temporary.path("a/b/c")));
  CHECK(mode_of(temporary.path("a")) == 0755);
  CHECK(mode_of(temporary.path("a/b/c")) == 0700);
  REQUIRE(make_directories(temporary.path("a/b"), 0711));
  CHECK(mode_of(temporary.path("a/b")) == 0755);
  REQUIRE(make_directories(temporary.path("slash/"), 0750));
  CHECK(mode_of(temporary.path("slash")) == 0750);
  CHECK(make_directories("/"));
  write_text(temporary.path("file"), "");
  CHECK_FALSE(make_directories(temporary.path("file/child")));
  CHECK_FALSE(make_directories(""));
}

TEST_CASE("AtomicFile: the old text stands until commit, and nothing is left behind") {
  TemporaryDirectory temporary;
  write_text(temporary.path("config.json"), "old");
  const Fd at = directory(temporary);
  {
    auto abandoned = AtomicFile::beside(at.get(), "config.json");
    REQUIRE(abandoned);
    REQUIRE(abandoned->write("half"));
  }
  CHECK(read_text(temporary.path("config.json")) == "old");
  auto file = AtomicFile::beside(at.get(), "config.json");
  REQUIRE(file);
  REQUIRE(file->write("ne"));
  REQUIRE(file->write("w"));
  REQUIRE(file->adopt(7, 8, S_IFREG | 0640));
  CHECK(read_text(temporary.path("config.json")) == "old");
  REQUIRE(file->commit());
  CHECK(read_text(temporary.path("config.json")) == "new");
  struct stat status {};
  REQUIRE(::stat(temporary.path("config.json").c_str(), &status) == 0);
  CHECK(status.st_uid == 7);
  CHECK(status.st_gid == 8);
  CHECK((status.st_mode & 07777U) == 0640);
  CHECK(std::distance(std::filesystem::directory_iterator(temporary.path()), {}) == 1);
}

TEST_CASE("AtomicFile: a leftover of a dead process with our pid does not stop it, a planted link is not followed") {
  TemporaryDirectory temporary;
  const std::string leftover = temporary.path(".f.hardened." + std::to_string(::getpid()));
  write_text(temporary.path("victim"), "kept");
  REQUIRE(::symlink("victim", leftover.c_str()) == 0);
  const Fd at = directory(temporary);
  auto file = AtomicFile::beside(at.get(), "f");
  REQUIRE(file);
  REQUIRE(file->write("text"));
  REQUIRE(file->commit());
  CHECK(read_text(temporary.path("f")) == "text");
  CHECK(read_text(temporary.path("victim")) == "kept");
}

TEST_CASE("AtomicFile: replaces a symbolic link instead of writing through it") {
  TemporaryDirectory temporary;
  write_text(temporary.path("victim"), "kept");
  REQUIRE(::symlink("victim", temporary.path("f").c_str()) == 0);
  const Fd at = directory(temporary);
  auto file = AtomicFile::beside(at.get(), "f");
  REQUIRE(file);
  REQUIRE(file->write("text"));
  REQUIRE(file->commit());
  CHECK(read_text(temporary.path("victim")) == "kept");
  CHECK(read_text(temporary.path("f")) == "text");
}

TEST_CASE("AtomicFile: a full disk leaves the old file and nothing else") {
  TemporaryDirectory temporary;
  CHECK(testing::on_small_disk(temporary.path(), "16k", [&] {
    write_text(temporary.path("f"), "old");
    const Fd at = directory(temporary);
    {
      auto file = AtomicFile::beside(at.get(), "f");
      if (!file || file->write(std::string(65536, 'x'))) return false;
    }
    const auto left = std::distance(std::filesystem::directory_iterator(temporary.path()), {});
    return read_text(temporary.path("f")) == "old" && left == 1;
  }));
}
