#include "ctl/training_logs.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "generate/log_import.h"
#include "generate/system_calls.h"
#include "policy/image.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20;  // of one log

bool is_of_image(const generate::Run& run, const std::string& glob) {
  Workload workload;
  workload.image = run.image;
  workload.image_digest = run.image_digest;
  return policy::image_matches(glob, workload);
}

template <typename Matches>
bool any(const std::vector<std::string>& words, Matches matches) {
  return std::any_of(words.begin(), words.end(), matches);
}

std::vector<std::string> values_of(const generate::Logs& logs, std::string generate::Run::*member) {
  std::vector<std::string> values;
  for (const generate::Run& run : logs.runs) values.push_back(run.*member);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// Every word must mean something, else a misspelt one would quietly leave its runs out.
Status check_words(const generate::Logs& logs, const LogChoice& choice) {
  for (const std::string& image : choice.images) {
    const auto is_there = [&image](const generate::Run& run) { return is_of_image(run, image); };
    if (std::any_of(logs.runs.begin(), logs.runs.end(), is_there)) continue;
    const auto known = values_of(logs, &generate::Run::image);
    return fail(Code::usage, "cannot find a run of image " + in_quotes(image) + did_you_mean(image, known),
                known.empty() ? "there are no runs at all" : "there are runs of " + join(known, ", "));
  }
  for (const std::string& id : choice.runs) {
    const auto matches = std::count_if(logs.runs.begin(), logs.runs.end(),
                                       [&id](const generate::Run& run) { return run.run.starts_with(id); });
    if (matches == 1) continue;
    const auto known = values_of(logs, &generate::Run::run);
    return fail(Code::usage, matches == 0
                                 ? "cannot find run " + in_quotes(id) + did_you_mean(id, known)
                                 : fmt::format("cannot tell which run {} is: {} begin so", in_quotes(id), matches));
  }
  return {};
}

void keep_chosen(generate::Logs& logs, const LogChoice& choice) {
  std::erase_if(logs.runs, [&choice](const generate::Run& run) {
    const bool is_image =
        choice.images.empty() || any(choice.images, [&run](const std::string& glob) { return is_of_image(run, glob); });
    const bool is_run =
        choice.runs.empty() || any(choice.runs, [&run](const std::string& id) { return run.run.starts_with(id); });
    return !is_image || !is_run;
  });
}

void report(const generate::Logs& logs) {
  constexpr std::size_t most = 5;
  for (std::size_t i = 0; i < std::min(most, logs.damaged.size()); ++i) complain(logs.damaged[i]);
  if (logs.damaged.size() > most)
    complain({Code::syntax, fmt::format("{} lines more are no runs either", logs.damaged.size() - most), {}});
  if (logs.repeated != 0)
    complain({Code::policy, fmt::format("{} runs were there more than once", logs.repeated), "each counts once"});
}

Result<Fd> open_foreign(const std::string& path) {
  if (path == "-") return Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  return open_at(AT_FDCWD, path, O_RDONLY | O_NOCTTY);
}

void report(const std::string& path, const generate::ImportAccount& account) {
  struct Row {
    std::uint64_t count;
    std::string_view what;
  };
  const Row rows[] = {{account.other, "tell of no call"},
                      {account.damaged, "are damaged"},
                      {account.foreign, "are of an unknown architecture or call"},
                      {account.unwanted, "are of other programs"},
                      {account.too_long, "are too long"},
                      {account.suppressed, "say that records were lost"}};
  std::string text = fmt::format("{}: {} lines, {} records used", path, account.lines, account.used);
  for (const Row& row : rows) {
    if (row.count != 0) text += fmt::format("; {} {}", row.count, row.what);
  }
  complain({Code::policy, text, {}});
}

// Another's log as one run of the image that was named.
Status add_foreign(const std::string& path, generate::LogFormat format, const LogChoice& choice, generate::Logs& logs) {
  constexpr std::size_t piece_size = std::size_t{1} << 20;
  TRY(file, open_foreign(path));
  generate::LogImport import(format, generate::this_architecture(), choice.programs);
  Sha256 hash;
  for (;;) {
    TRY(piece, read_some(file.get(), piece_size, path));
    if (piece.empty()) break;
    hash.add(piece);
    import.feed(piece);
  }
  import.finish();
  report(path, import.account());
  generate::Run run = import.run(choice.images.empty() ? "" : choice.images.front());
  run.file = path;
  logs.digests[path] = hash.hex();
  if (import.account().used != 0) generate::add_run(logs, std::move(run));
  return {};
}

Status add_training(const LogChoice& choice, generate::Logs& logs) {
  std::vector<std::string> files = choice.files;
  if (files.empty()) {
    TRY(found, training_files(choice.directory));
    files = std::move(found);
  }
  for (const std::string& file : files) {
    const Result<std::string> text = read_named_file(file, most_bytes);
    if (text) {
      generate::add_log(logs, file, *text);
    } else if (choice.files.empty()) {
      logs.damaged.push_back(text.error());  // one file must not take the others away
    } else {
      return tl::unexpected<Error>(text.error());
    }
  }
  report(logs);
  return {};
}

Status check_choice(const LogChoice& choice) {
  const bool foreign = !choice.audit.empty() || !choice.strace.empty();
  if ((foreign && !choice.files.empty()) || (!choice.audit.empty() && !choice.strace.empty()))
    return fail(Code::usage, "cannot read training logs, audit logs and strace's together",
                "make a profile of one, merge the other");
  if (!choice.strace.empty() && !choice.programs.empty())
    return fail(Code::usage, "cannot choose by --program: strace does not tell which program made a call");
  if (!foreign && choice.files.empty() && choice.images.empty() && choice.runs.empty())
    return fail(Code::usage, "cannot choose the runs", "name them: --image IMAGE, --run ID or log files");
  return {};
}

}  // namespace

Result<std::vector<std::string>> training_files(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), [](DIR* d) { return ::closedir(d); });
  if (open == nullptr) {
    if (errno != ENOENT) return fail_errno("cannot list " + in_quotes(directory), errno);
    return fail(Code::io, "cannot find " + in_quotes(directory) + ": nothing was recorded yet",
                "run a container with --runtime=hardened-train, or name log files");
  }
  std::vector<std::string> files;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name.ends_with(".jsonl") && !name.starts_with('.')) files.push_back(directory + "/" + name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

void add_log_options(CLI::App& command, LogChoice& choice) {
  command.add_option("--image", choice.images, "Runs of this image (glob); given several times: of these together")
      ->type_name("IMAGE")
      ->allow_extra_args(false);
  command.add_option("--run", choice.runs, "This run, or how its id begins")->type_name("ID")->allow_extra_args(false);
  command.add_option("--logs", choice.directory, "Where the logs are")->capture_default_str()->type_name("DIRECTORY");
  command
      .add_option("--from-audit", choice.audit,
                  "Seccomp records instead: audit.log, journalctl -o export, dmesg, syslog; - for standard input")
      ->type_name("FILE");
  command.add_option("--from-strace", choice.strace, "The output of strace -f instead; - for standard input")
      ->type_name("FILE");
  command.add_option("--program", choice.programs, "With --from-audit: only of these programs (glob of their path)")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command.add_flag("--incomplete", choice.demands.incomplete, "Also use runs that lost something");
  command.add_flag("--mixed", choice.demands.mixed, "One profile for several images");
}

Result<generate::Evidence> read_training(const LogChoice& choice) {
  TRY_DO(check_choice(choice));
  generate::Logs logs;
  for (const std::string& path : choice.audit) TRY_DO(add_foreign(path, generate::LogFormat::audit, choice, logs));
  for (const std::string& path : choice.strace) TRY_DO(add_foreign(path, generate::LogFormat::strace, choice, logs));
  if (choice.audit.empty() && choice.strace.empty()) TRY_DO(add_training(choice, logs));
  TRY_DO(check_words(logs, choice));
  keep_chosen(logs, choice);
  generate::Demands demands = choice.demands;
  demands.mixed = demands.mixed || choice.images.size() > 1;
  return generate::gather(logs, demands);
}

}  // namespace hardened::ctl
