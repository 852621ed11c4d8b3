#include "host/mount_table.h"

#include <libmount.h>

#include <filesystem>
#include <memory>

#include "host/sandbox.h"

using namespace hardened;
using host::MountTable;

namespace {

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

// What util-linux reads in the same file.
std::map<std::uint64_t, MountTable::Mount> by_libmount() {
  const std::unique_ptr<libmnt_table, decltype(&mnt_unref_table)> table(mnt_new_table_from_file("/proc/self/mountinfo"),
                                                                        &mnt_unref_table);
  const std::unique_ptr<libmnt_iter, decltype(&mnt_free_iter)> iterator(mnt_new_iter(MNT_ITER_FORWARD), &mnt_free_iter);
  std::map<std::uint64_t, MountTable::Mount> result;
  libmnt_fs* entry = nullptr;
  while (mnt_table_next_fs(table.get(), iterator.get(), &entry) == 0) {
    const std::size_t row = result.size();
    result[static_cast<std::uint64_t>(mnt_fs_get_id(entry))] = {
        mnt_fs_get_devno(entry),           text_of(mnt_fs_get_root(entry)),       text_of(mnt_fs_get_target(entry)),
        text_of(mnt_fs_get_fstype(entry)), text_of(mnt_fs_get_fs_options(entry)), row};
  }
  return result;
}

}  // namespace

TEST_CASE("mount table: reads what libmount reads, names with spaces, line breaks and backslashes included") {
  sandbox::run([]() -> std::string {
    for (const std::string name : {"a b", "c\td", "e\nf", "g\\h", "\\040", "#i", "- tmpfs", "ü"}) {
      const std::string source = "/mnt/" + name;
      const std::string target = "/mnt/on " + name;
      std::filesystem::create_directories(source + "/sub");
      std::filesystem::create_directories(target);
      if (::mount((source + "/sub").c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
        return "no bind of " + name;
    }
    const auto table = MountTable::read();
    if (!table) return table.error().message;
    return table->mounts() == by_libmount() && table->mounts().size() > 8 ? "" : "libmount reads something else";
  });
}

TEST_CASE("mount table: lines of another form are no mounts") {
  const MountTable table = MountTable::parse(
      "\n \n1 2 3\nx 1 0:1 / /a rw - tmpfs t rw\n3 1 0-1 / /a rw - tmpfs t rw\n4 1 0:1 / /a rw tmpfs t rw\n"
      "5 1 0:1 / /a rw -\n6 1 0:7 /\\04 /b\\ rw shared:1 master:2 - tmpfs");
  REQUIRE(table.mounts().size() == 1);
  CHECK(table.mounts().at(6) == MountTable::Mount{7, "/\\04", "/b\\", "tmpfs", "", 0});
}
