#include "record/runs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "oci/spec.h"
#include "oci/strict_json.h"
#include "record/layout.h"
#include "state/process.h"
#include "state/shard.h"
#include "util/file.h"
#include "util/lock.h"

namespace hardened::record {
namespace {

constexpr std::size_t largest = std::size_t{1} << 20;  // bytes
// Another container's end may be written meanwhile, a walk through its files included.
constexpr std::chrono::seconds patience{6};

std::string file_of(const std::string& runtime_root, const std::string& id) {
  return state::key_of(runtime_root, id);
}

}  // namespace

std::uint64_t Run::number() const {
  std::uint64_t number = 0;
  std::from_chars(id.data(), id.data() + std::min<std::size_t>(id.size(), 16), number, 16);
  return number == 0 ? 1 : number;
}

std::string encode(const Run& run) {
  const Json document = {{"id", run.id},
                         {"container", run.container},
                         {"runtime_root", run.runtime_root},
                         {"creator", run.creator},
                         {"bundle", run.bundle},
                         {"image", run.image},
                         {"image_digest", run.image_digest},
                         {"engine", run.engine},
                         {"runtime", run.runtime},
                         {"profile", run.profile},
                         {"stop_signal", run.stop_signal},
                         {"upper", run.upper},
                         {"mounts", run.mounts},
                         {"tier", run.tier},
                         {"slot", run.slot},
                         {"first_id", run.first_id},
                         {"ids", run.ids},
                         {"buffer", run.buffer},
                         {"listener", run.listener},
                         {"started", run.started},
                         {"init", run.init},
                         {"missed", run.missed},
                         {"cgroups", run.cgroups},
                         {"lost", run.lost}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Run> decode(const std::string& text, const std::string& name) {
  TRY(parsed, oci::parse_strict(text, name));
  const Spec document(std::move(parsed.value));
  const auto text_at = [&document](std::string_view pointer) { return document.text(pointer).value_or(""); };
  Run run;
  run.id = text_at("/id");
  run.container = text_at("/container");
  run.runtime_root = text_at("/runtime_root");
  run.creator = text_at("/creator");
  run.bundle = text_at("/bundle");
  run.image = text_at("/image");
  run.image_digest = text_at("/image_digest");
  run.engine = text_at("/engine");
  run.runtime = text_at("/runtime");
  run.profile = text_at("/profile");
  run.stop_signal = text_at("/stop_signal");
  run.upper = text_at("/upper");
  run.mounts = document.strings("/mounts");
  run.tier = text_at("/tier");
  run.slot = static_cast<int>(document.integer("/slot").value_or(-1));
  run.first_id = static_cast<std::uint32_t>(document.integer("/first_id").value_or(0));
  run.ids = static_cast<std::uint32_t>(document.integer("/ids").value_or(0));
  run.buffer = static_cast<std::uint64_t>(document.integer("/buffer").value_or(0));
  run.listener = text_at("/listener");
  run.started = text_at("/started");
  run.init = text_at("/init");
  run.missed = static_cast<std::uint64_t>(document.integer("/missed").value_or(0));
  for (const auto& [controller, directory] : document.elements("/cgroups").items()) {
    if (directory.is_string()) run.cgroups.emplace(controller, directory.get<std::string>());
  }
  run.lost = document.strings("/lost");
  if (run.container.empty() || run.runtime_root.empty() || run.slot >= record_slots)
    return fail(Code::io, "cannot read " + name + ": it describes no run");
  return run;
}

Result<Runs> Runs::look(const std::string& state_root) {
  TRY(state, state::open_state(state_root));
  TRY(directory, make_trusted_directory(state.get(), "training"));
  return Runs(std::move(directory), state_root + "/training");
}

Result<Runs> Runs::open(const std::string& state_root) {
  TRY(runs, look(state_root));
  TRY_DO(lock_within(runs.directory_.get(), Lock::exclusive, patience, runs.path_));
  return runs;
}

Result<std::optional<Run>> Runs::find(const std::string& runtime_root, const std::string& id) const {
  const std::string name = file_of(runtime_root, id);
  if (::faccessat(directory_.get(), name.c_str(), F_OK, 0) != 0) return std::nullopt;
  TRY(text, read_trusted_file(directory_.get(), name, largest));
  TRY(run, decode(text, name));
  return std::optional<Run>(std::move(run));
}

// The names of atomic replacements that were abandoned begin with a dot.
std::vector<std::string> Runs::names() const {
  std::vector<std::string> names;
  auto fd = open_at(directory_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!fd) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd->get()), ::closedir);
  if (!listing) return names;
  static_cast<void>(fd->release());
  while (const dirent* entry = ::readdir(listing.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

std::vector<Run> Runs::all() const {
  std::vector<Run> runs;
  for (const std::string& name : names()) {
    const auto text = read_trusted_file(directory_.get(), name, largest);
    auto run = text ? decode(*text, name) : fail(Code::io, name);
    if (run) runs.push_back(std::move(*run));
  }
  return runs;
}

Status Runs::store(const Run& run) const {
  TRY(file, AtomicFile::beside(directory_.get(), file_of(run.runtime_root, run.container)));
  TRY_DO(file.write(encode(run)));
  return file.commit();
}

void Runs::remove(const Run& run) const {
  ::unlinkat(directory_.get(), file_of(run.runtime_root, run.container).c_str(), 0);
}

void Runs::remove_damaged() const {
  for (const std::string& name : names()) {
    // One that cannot be read for want of memory or a descriptor is fine.
    const auto text = read_trusted_file(directory_.get(), name, largest);
    if (text && !decode(*text, name)) ::unlinkat(directory_.get(), name.c_str(), 0);
  }
}

std::string Runs::path_of(const Run& run) const {
  return path_ + "/" + file_of(run.runtime_root, run.container);
}

bool Runs::empty() const {
  return names().empty();
}

int free_slot(const std::vector<Run>& runs) {
  for (int slot = 0; slot < record_slots; ++slot) {
    if (std::none_of(runs.begin(), runs.end(), [slot](const Run& run) { return run.slot == slot; })) return slot;
  }
  return -1;
}

bool exists_in_runtime(const Run& run) {
  const std::string& place = run.bundle.empty() ? run.runtime_root + "/" + run.container : run.bundle;
  return ::access(place.c_str(), F_OK) == 0;
}

bool is_needed(const Run& run) {
  if (exists_in_runtime(run)) return true;
  const auto creator = state::parse_process(run.creator);
  return creator && state::may_be_alive(*creator);
}

}  // namespace hardened::record
