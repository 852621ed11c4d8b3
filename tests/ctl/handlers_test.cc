#include "ctl/handlers.h"

#include "catch.h"

using namespace hardened;
using ctl::Handler;

namespace {

const std::vector<Handler> ours{{"hardened", "/usr/bin/hardened-runtime"}, {"hardened-compat", "/opt/a \"b\"/compat"}};

std::string installed(const std::optional<std::string>& text, bool as_default = false, bool systemd = false) {
  const auto result = ctl::with_handlers(text, "config.toml", ours, as_default, systemd);
  REQUIRE(result.has_value());
  return *result;
}

std::string removed(const std::string& text) {
  const auto result = ctl::without_handlers(text, "config.toml");
  REQUIRE(result.has_value());
  return *result;
}

std::string problem(const std::string& text) {
  const auto result = ctl::with_handlers(text, "config.toml", ours, true, false);
  REQUIRE_FALSE(result.has_value());
  return result.error().message;
}

constexpr char cri[] = "version = 2\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\".containerd]\n";

}  // namespace

TEST_CASE("handlers: whatever stands in config.toml, taking ours out gives every byte back") {
  const std::string texts[] = {
      "",
      "\n",
      "# only words\n",
      "version = 2",
      "version = 2\n",
      "version=2 # two\n\n\n",
      "version = 2\r\n[plugins]\r\n",
      "\n  version   =   3\n[grpc]\n  address = \"/run/x.sock\"",
      std::string(cri),
      std::string(cri) +
          "    default_runtime_name = \"foo\" # mine\n    snapshotter = \"overlayfs\"\n[debug]\nlevel = 1\n",
      std::string(cri) + "default_runtime_name='foo'",
      "version = 2\n[ plugins . 'io.containerd.grpc.v1.cri' . containerd ]\ndefault_runtime_name = \"runc\"\n",
      "version = 2\nplugins.\"io.containerd.grpc.v1.cri\".containerd.default_runtime_name = \"foo\"\n",
  };
  for (const std::string& text : texts) {
    for (const bool as_default : {false, true}) {
      INFO(text);
      const std::string once = installed(text, as_default, true);
      CHECK(once != text);
      CHECK(removed(once) == text);
      CHECK(installed(once, as_default, true) == once);
      CHECK(installed(once, false, true) == once);  // the default stays ours
      // What somebody adds later stays, too.
      CHECK(removed(once + "[later]\n").ends_with("[later]\n"));
    }
  }
  CHECK(removed(installed(std::nullopt, true)).empty());
}

TEST_CASE("handlers: what is written for containerd") {
  CHECK(installed("version = 2\n") ==
        "version = 2\n"
        "# >>> hardened: hardenctl uninstall containerd takes these lines out\n"
        "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n"
        "runtime_type = \"io.containerd.runc.v2\"\n"
        "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.hardened]\n"
        "runtime_type = \"io.containerd.runc.v2\"\n"
        "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.hardened.options]\n"
        "BinaryName = \"/usr/bin/hardened-runtime\"\n"
        "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.hardened-compat]\n"
        "runtime_type = \"io.containerd.runc.v2\"\n"
        "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.hardened-compat.options]\n"
        "BinaryName = \"/opt/a \\\"b\\\"/compat\"\n"
        "# <<< hardened\n");
  // Who names handlers names runc where it is wanted.
  const std::string named =
      "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.kata]\nruntime_type = \"x\"\n";
  CHECK(installed(named).find("runtimes.runc]") == std::string::npos);
  CHECK(installed("version = 3\n", true)
            .find("[plugins.\"io.containerd.cri.v1.runtime\".containerd]\n"
                  "default_runtime_name = \"hardened\"\n") != std::string::npos);
  CHECK(installed(std::nullopt).find("\nversion = 2\n") != std::string::npos);
  CHECK(installed("version = 2\n", false, true).find("SystemdCgroup = true\n") != std::string::npos);
}

TEST_CASE("handlers: the default takes the place of the one there was") {
  const std::string before =
      std::string(cri) + "    snapshotter = \"x\"\n    default_runtime_name = \"foo\" # mine\n[debug]\n";
  const std::string after = installed(before, true);
  CHECK(after.starts_with(std::string(cri) + "    snapshotter = \"x\"\n"
                                             "# >>> hardened: hardenctl uninstall containerd takes these lines out\n"
                                             "# was:    default_runtime_name = \"foo\" # mine\n"
                                             "default_runtime_name = \"hardened\"\n"
                                             "# <<< hardened\n"
                                             "[debug]\n"));
  // Of another table it is not ours to change.
  const std::string other = "version = 2\n[other]\ndefault_runtime_name = \"foo\"\n";
  CHECK(installed(other, true).starts_with(other));
}

TEST_CASE("handlers: a format or marks that are not understood are left alone") {
  CHECK(problem("[plugins]\n") == "cannot use config.toml: it is in version \"1\" of its format");
  CHECK(problem("version = 4\n") == "cannot use config.toml: it is in version \"4\" of its format");
  CHECK(problem("[plugins]\nversion = 2\n") == "cannot use config.toml: it is in version \"1\" of its format");
  const std::string block = installed("version = 2\n").substr(12);
  CHECK_FALSE(ctl::without_handlers("# <<< hardened\n", "config.toml"));
  CHECK_FALSE(ctl::without_handlers(block.substr(0, 150), "config.toml"));
  CHECK_FALSE(ctl::without_handlers(block.substr(0, 150) + "\n" + block, "config.toml"));
  CHECK(ctl::without_handlers(block + block, "config.toml").value_or("x").empty());
}

TEST_CASE("handlers: what containerd says it understood") {
  const std::string dump =
      "version = 2\n[plugins]\n"
      "  [plugins.\"io.containerd.grpc.v1.cri\"]\n"
      "    [plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
      "      default_runtime_name = \"kata\"\n"
      "      [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes]\n"
      "        [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.kata]\n"
      "          [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.kata.options]\n"
      "            BinaryName = \"/usr/bin/kata\"\n"
      "            SystemdCgroup = true\n"
      "        [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n"
      "            BinaryName = \"\"\n"
      "            SystemdCgroup = false\n";
  CHECK(ctl::dumped_default(dump).runtime == "kata");
  CHECK(ctl::dumped_default(dump).systemd_cgroup);
  CHECK(ctl::dumped_program(dump, "kata") == "/usr/bin/kata");
  CHECK(ctl::dumped_program(dump, "runc").empty());
  CHECK(ctl::dumped_program(dump, "hardened").empty());
  CHECK_FALSE(ctl::dumped_handler(dump, "kata"));
  CHECK(ctl::dumped_handler(
      dump + "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.x]\nruntime_type = \"y\"\n", "x"));
  CHECK_FALSE(ctl::dumped_default("").systemd_cgroup);
}

TEST_CASE("handlers: the drop-ins of Podman and CRI-O") {
  CHECK(ctl::podman_drop_in(ours, true) ==
        "# Written by hardenctl install podman; hardenctl uninstall podman takes this file away.\n"
        "[engine]\nruntime = \"hardened\"\n"
        "[engine.runtimes]\nhardened = [\"/usr/bin/hardened-runtime\"]\nhardened-compat = [\"/opt/a "
        "\\\"b\\\"/compat\"]\n");
  CHECK(ctl::podman_drop_in(ours, false).find("[engine]\n") == std::string::npos);
  CHECK(ctl::crio_drop_in({ours.front()}, true) ==
        "# Written by hardenctl install crio; hardenctl uninstall crio takes this file away.\n"
        "[crio.runtime]\ndefault_runtime = \"hardened\"\n"
        "[crio.runtime.runtimes.hardened]\nruntime_path = \"/usr/bin/hardened-runtime\"\nruntime_type = \"oci\"\n"
        "runtime_root = \"/run/runc\"\n");
  CHECK(ctl::is_our_drop_in(ctl::podman_drop_in(ours, false)));
  CHECK(ctl::is_our_drop_in(ctl::crio_drop_in(ours, false)));
  CHECK_FALSE(ctl::is_our_drop_in("[engine]\n"));
  CHECK_FALSE(ctl::is_our_drop_in(""));
}
