#include "state/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "state/shard.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

namespace hardened::state {
namespace {

using Clock = std::chrono::steady_clock;

Status check(const Grant& grant) {
  if (!grant.runtime_root.starts_with('/') || !grant.runtime.starts_with('/'))
    return fail(Code::internal, "cannot keep a grant: its root and its runtime must be absolute paths");
  // runc and crun refuse such an id as well; here it would point the link `container` elsewhere.
  if (grant.id.empty() || grant.id == "." || grant.id == ".." || grant.id.find('/') != std::string::npos)
    return fail(Code::usage, "cannot create container " + in_quotes(grant.id) + ": not a container id");
  return {};
}

// Calls `step` until it succeeds: whoever empties the state directory under our feet (a cleaner of /run, an
// administrator) may cost a container start some time but not make it fail.
template <typename Step>
Status persist(Step step) {
  constexpr int attempts = 10;
  const auto deadline = Clock::now() + lock_patience;
  for (int attempt = 1;; ++attempt) {
    const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    Status done = step(std::max(patience, std::chrono::milliseconds(0)));
    if (done || done.error().code != Code::io || attempt == attempts || Clock::now() >= deadline) return done;
  }
}

Status store_once(const Grant& grant, const std::string& key, const std::string& state_root,
                  std::chrono::milliseconds patience) {
  TRY(shard, Shard::open(state_root, key, patience));
  shard.sweep();
  return shard.put(key, grant);
}

}  // namespace

Status store(const Grant& grant, const std::string& state_root) {
  TRY_DO(check(grant));
  const std::string key = key_of(grant.runtime_root, grant.id);
  return persist([&](auto patience) { return store_once(grant, key, state_root, patience); });
}

Result<std::optional<Grant>> load(const std::string& runtime_root, const std::string& id,
                                  const std::string& state_root) {
  const std::string path = grant_directory(state_root, runtime_root, id) + "/" + grant_file;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return std::nullopt;
  TRY(state, open_trusted_directory(AT_FDCWD, state_root));
  TRY(text, read_trusted_file(state.get(), path.substr(state_root.size() + 1), grant_limit));
  TRY(grant, decode(text, path));
  if (grant.runtime_root != runtime_root || grant.id != id)
    return fail(Code::io, "cannot trust " + path + ": it is the grant of another container");
  return std::optional<Grant>(std::move(grant));
}

Status amend(const std::string& runtime_root, const std::string& id, const std::function<void(Grant&)>& change,
             const std::string& state_root) {
  const std::string key = key_of(runtime_root, id);
  return persist([&](auto patience) -> Status {
    TRY(shard, Shard::open(state_root, key, patience));
    TRY(grant, load(runtime_root, id, state_root));
    if (!grant) return {};
    change(*grant);
    return shard.rewrite(key, *grant);
  });
}

Result<std::vector<Grant>> list(const std::string& state_root) {
  std::vector<Grant> grants;
  const std::string root = state_root + "/grants";
  std::error_code error;
  // The directories let everybody pass and nobody look: to others than root there would seem to be no container.
  if (::access(root.c_str(), R_OK) != 0) {
    if (errno == ENOENT) return grants;
    return fail(Code::io, "cannot read " + root + ": " + std::system_category().message(errno), "run it as root");
  }
  TRY_DO(open_trusted_directory(AT_FDCWD, root));
  for (const auto& shard : std::filesystem::directory_iterator(root, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(shard, error)) {
      const std::string directory = entry.path();
      // Dangling once the runtime has deleted the container.
      if (!std::filesystem::exists(directory + "/container", error)) continue;
      const auto text = read_trusted_file(AT_FDCWD, directory + "/" + grant_file, grant_limit);
      if (!text && !std::filesystem::exists(directory, error)) continue;  // it went meanwhile
      if (!text) return tl::unexpected<Error>(text.error());
      TRY(grant, decode(*text, directory));
      grants.push_back(std::move(grant));
    }
  }
  std::sort(grants.begin(), grants.end(), [](const Grant& a, const Grant& b) { return a.id < b.id; });
  return grants;
}

Status remove(const std::string& runtime_root, const std::string& id, const std::string& state_root) {
  const std::string key = key_of(runtime_root, id);
  return persist([&](auto patience) -> Status {
    TRY(shard, Shard::open(state_root, key, patience));
    return shard.discard(key);
  });
}

Status remember_runtime(const std::string& runtime, const std::string& state_root) {
  TRY(state, open_state(state_root));
  if (link_target(state.get(), runtime_link).value_or("") == runtime) return {};
  constexpr char fresh[] = ".runtime.new";
  TRY_DO(lock_within(state.get(), Lock::exclusive, lock_patience, state_root));
  ::unlinkat(state.get(), fresh, 0);
  if (::symlinkat(runtime.c_str(), state.get(), fresh) != 0) return fail_errno("cannot link the runtime", errno);
  if (::renameat(state.get(), fresh, state.get(), runtime_link) != 0)
    return fail_errno("cannot replace " + state_root + "/" + runtime_link, errno);
  return {};
}

}  // namespace hardened::state
