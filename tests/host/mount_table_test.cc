#include "host/mount_table.h"

#include <libmount.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>
#include <vector>

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
    MountTable::Mount& mount = result[static_cast<std::uint64_t>(mnt_fs_get_id(entry))];
    mount.parent = static_cast<std::uint64_t>(mnt_fs_get_parent_id(entry));
    mount.order = row;
    mount.mountinfo_id = static_cast<std::uint64_t>(mnt_fs_get_id(entry));
    mount.device = mnt_fs_get_devno(entry);
    mount.root = text_of(mnt_fs_get_root(entry));
    mount.target = text_of(mnt_fs_get_target(entry));
    mount.type = text_of(mnt_fs_get_fstype(entry));
  }
  return result;
}

// By id.
std::map<std::uint64_t, MountTable::Mount> all_of(const MountTable& table) {
  std::map<std::uint64_t, MountTable::Mount> result;
  const auto ids = table.all().value();
  for (const std::uint64_t id : ids) result[id] = *table.find(id).value();
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
    const auto table = MountTable::read_mountinfo();
    if (!table) return table.error().message;
    const auto all = all_of(*table);
    return all == by_libmount() && all.size() > 8 ? "" : "libmount reads something else";
  });
}

TEST_CASE("mount table: the kernel, where it can be asked, tells what mountinfo does") {
  sandbox::run([]() -> std::string {
    const std::string layer = "/mnt/a b\nc";
    for (const char* name : {"/lower", "/upper", "/work", "/merged"}) std::filesystem::create_directories(layer + name);
    const std::string options = "lowerdir=" + layer + "/lower,upperdir=" + layer + "/upper,workdir=" + layer + "/work";
    if (::mount("none", (layer + "/merged").c_str(), "overlay", 0, options.c_str()) != 0) return "no overlay";
    // More than the kernel lists at once, and one whose source is gone.
    for (int index = 0; index < 1100; ++index) {
      const std::string target = "/mnt/" + std::to_string(index);
      std::filesystem::create_directories(target + "/sub");
      if (::mount((target + "/sub").c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) return "no bind";
    }
    std::filesystem::create_directories("/mnt/unlinked");
    std::filesystem::create_directories("/mnt/on");
    if (::mount("/mnt/unlinked", "/mnt/on", nullptr, MS_BIND, nullptr) != 0) return "no bind";
    std::filesystem::remove("/mnt/unlinked");

    const auto asked = MountTable::read();
    const auto read = MountTable::read_mountinfo();
    if (!asked || !read) return "cannot read the mounts";
    const auto mounts = all_of(*asked);
    auto others = all_of(*read);
    if (mounts.size() != others.size() || mounts.size() < 1102) return "other mounts";
    int overlays = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> orders;
    for (auto [id, mount] : mounts) {
      const std::uint64_t known = mount.mountinfo_id;
      MountTable::Mount& other = others[known];
      orders.emplace_back(mount.order, other.order);
      mount.order = other.order;
      const MountTable::Mount* parent = asked->find(mount.parent).value();
      mount.parent = parent != nullptr ? parent->mountinfo_id : other.parent;
      if (mount != other) return "the kernel tells something else of " + mount.target;
      const std::string told = asked->options(id).value();  // mountinfo begins with "rw" or "ro"
      if (told.empty() || !read->options(known).value().ends_with(told)) return "other options of " + mount.target;
      if (mount.target == layer + "/merged" && told.find("upperdir=") != std::string::npos) ++overlays;
      if (asked->under(id).value().size() != read->under(known).value().size()) return "others below " + mount.target;
    }
    std::sort(orders.begin(), orders.end());
    if (!std::is_sorted(orders.begin(), orders.end(), [](auto a, auto b) { return a.second < b.second; }))
      return "another order";
    return overlays == 1 ? "" : "no options of the overlay";
  });
}

TEST_CASE("mount table: lines of another form are no mounts") {
  const MountTable table = MountTable::parse(
      "\n \n1 2 3\nx 1 0:1 / /a rw - tmpfs t rw\n3 1 0-1 / /a rw - tmpfs t rw\n4 1 0:1 / /a rw tmpfs t rw\n"
      "5 1 0:1 / /a rw -\n6 1 0:7 /\\04 /b\\ rw shared:1 master:2 - tmpfs");
  REQUIRE(table.all().value() == std::vector<std::uint64_t>{6});
  CHECK(*table.find(6).value() == MountTable::Mount{1, 0, 6, 7, "/\\04", "/b\\", "tmpfs"});
}

TEST_CASE("mount table: what hangs below a mount, at any depth, and not what another one at its place hides") {
  for (const bool asked : {true, false}) {
    sandbox::run([asked]() -> std::string {
      for (const char* target : {"/mnt/a", "/mnt/a/hidden", "/mnt/a", "/mnt/a/b", "/mnt/a/b/c", "/mnt/ab"}) {
        std::filesystem::create_directories(target);
        if (::mount("tmpfs", target, "tmpfs", 0, nullptr) != 0) return std::string("no tmpfs at ") + target;
      }
      const auto table = asked ? MountTable::read() : MountTable::read_mountinfo();
      const auto directory = open_at(AT_FDCWD, "/mnt/a", O_PATH);
      if (!table || !directory) return "cannot look";
      std::set<std::string> found;
      const auto below = table->below(table->id_of(directory->get()).value(), "/mnt/a").value();
      for (const host::PathFact& fact : below) found.insert(fact.resolved);
      if (found != std::set<std::string>{"/mnt/a/b", "/mnt/a/b/c"}) return "other mounts";
      // What is mounted on the directory after it was opened is in a clone of it, too.
      const auto covered = open_at(AT_FDCWD, "/mnt/ab", O_PATH);
      if (!covered || ::mount("tmpfs", "/mnt/ab", "tmpfs", 0, nullptr) != 0) return "no tmpfs";
      const auto later = asked ? MountTable::read() : MountTable::read_mountinfo();
      return later->below(later->id_of(covered->get()).value(), "/mnt/ab").value().size() == 1 ? "" : "no cover";
    });
  }
}

TEST_CASE("mount table: where a path leads to, through links; nothing is not the same as what cannot be told") {
  for (const bool asked : {true, false}) {
    sandbox::run([asked]() -> std::string {
      std::filesystem::create_directories("/mnt/a");
      if (::mount("tmpfs", "/mnt/a", "tmpfs", 0, nullptr) != 0) return "no tmpfs";
      sandbox::write_file("/mnt/a/file", "");
      std::filesystem::create_symlink("/mnt/a/file", "/mnt/link");
      std::filesystem::create_symlink("/mnt/loop", "/mnt/loop");
      const auto table = asked ? MountTable::read() : MountTable::read_mountinfo();
      const auto file = open_at(AT_FDCWD, "/mnt/a/file", O_PATH);
      struct stat status {};
      if (!table || !file || ::fstat(file->get(), &status) != 0) return "cannot look";
      const auto place = table->place_of("/mnt/link").value();
      if (!place || place->mount != table->id_of(file->get()).value()) return "another mount";
      if (place->device != status.st_dev || place->inode != status.st_ino) return "another file";
      if (table->find(place->mount).value()->target != "/mnt/a") return "not the mount of the file";
      if (table->place_of("/mnt/a/none").value() || table->place_of("/mnt/link/none").value()) return "found nothing";
      std::filesystem::create_symlink("/mnt/none", "/mnt/dangling");
      if (table->place_of("/mnt/loop") || table->place_of("/mnt/dangling")) return "a link to nothing leads somewhere";
      return {};
    });
  }
}
