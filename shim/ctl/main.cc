// hardenctl: the administrator's tool. Each subcommand is a file of its own.
#include <cstdio>
#include <exception>

#include "ctl/command.h"
#include "ctl/output.h"
#include "util/version.h"

namespace {

using namespace hardened;

constexpr void (*subcommands[])(CLI::App&, ctl::Action&) = {ctl::add_audit,   ctl::add_controls, ctl::add_doctor,
                                                            ctl::add_explain, ctl::add_install,  ctl::add_policy,
                                                            ctl::add_profile, ctl::add_status,   ctl::add_verify};

int run(int argc, char* argv[]) {
  CLI::App app("Look after hardened, the runtime that gives every container least privilege.", "hardenctl");
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  app.footer(
      "Ends with 0 when all is well, 1 when something is wrong with what it looked at, 2 when it could not look.");
  ctl::Action action;
  for (const auto add : subcommands) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ctl::fine : ctl::unable;
  }
  const Result<int> status = action();
  if (status) return *status;
  ctl::complain(status.error());
  return ctl::unable;
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hardenctl: cannot go on: %s\n", error.what());
    return ctl::unable;
  }
}
