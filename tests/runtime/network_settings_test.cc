#include "runtime/network_settings.h"

#include <sched.h>

#include "host/namespace_facts.h"
#include "host/sandbox.h"

using namespace hardened;

namespace {

constexpr char network[] = "/mnt/network";

Spec spec_with(const Json& settings) {
  return Spec(
      Json{{"linux", {{"sysctl", settings}, {"namespaces", Json::array({{{"type", "network"}, {"path", network}}})}}}});
}

// A network that the host's users own, kept by a file as engines do, and what it says of a setting.
class Network {
 public:
  Network() : own_(open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY).value()) {
    sandbox::write_file(network, "");
    made_ = ::unshare(CLONE_NEWNET) == 0 && sandbox::bind("/proc/self/ns/net", network) &&
            ::setns(own_.get(), CLONE_NEWNET) == 0;
  }
  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] std::string setting(const std::string& file) const {
    const auto there = open_at(AT_FDCWD, network, O_RDONLY);
    if (!there || ::setns(there->get(), CLONE_NEWNET) != 0) return "cannot look";
    std::string text = sandbox::read_file("/proc/sys/net/ipv4/" + file);
    (void)::setns(own_.get(), CLONE_NEWNET);
    return text;
  }

 private:
  Fd own_;
  bool made_ = false;
};

host::Facts facts_with(const kernel::IdMapping& ids) {
  host::Facts facts;
  facts.ids = ids;
  facts.namespaces[network] = host::namespace_fact("network", network).value();
  return facts;
}

}  // namespace

TEST_CASE("network settings: those of an engine's network are written there, with the container's groups") {
  sandbox::run([]() -> std::string {
    const Network there;
    EXPECT(there.made());
    const std::string before = sandbox::read_file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    const auto changes = runtime::write_network_settings(spec_with({{"net.ipv4.ip_unprivileged_port_start", "77"},
                                                                    {"net.ipv4.ping_group_range", "0 65535"},
                                                                    {"kernel.shm_rmid_forced", "1"}}),
                                                         facts_with({1000000, 2000000, 65536}));
    EXPECT(changes.has_value() && changes->size() == 2);
    EXPECT(changes->front().pointer == "/linux/sysctl/net.ipv4.ip_unprivileged_port_start");
    EXPECT(!changes->front().after.has_value());
    EXPECT(there.setting("ip_unprivileged_port_start") == "77\n");
    EXPECT(there.setting("ping_group_range") == "2000000\t2065535\n");
    EXPECT(sandbox::read_file("/proc/sys/net/ipv4/ip_unprivileged_port_start") == before);
    return {};
  });
}

TEST_CASE("network settings: left to the runtime where it can write them, and where a name is spelt to mislead") {
  sandbox::run([]() -> std::string {
    const Network there;
    EXPECT(there.made());
    const kernel::IdMapping ids{1000000, 2000000, 65536};
    const Spec plain = spec_with({{"net.ipv4.ip_unprivileged_port_start", "77"}});
    EXPECT(runtime::write_network_settings(plain, facts_with({}))->empty());  // the host's users
    host::Facts own = facts_with(ids);
    own.namespaces[network].hosts_users = false;  // of a container that has users of its own
    EXPECT(runtime::write_network_settings(plain, own)->empty());
    for (const char* name : {"net/ipv4/ip_forward", "net.ipv4/../../kernel/x", "net...kernel", "kernel.net.x"})
      EXPECT(runtime::write_network_settings(spec_with({{name, "1"}}), facts_with(ids))->empty());
    EXPECT(there.setting("ip_unprivileged_port_start") != "77\n");
    return {};
  });
}

TEST_CASE("network settings: one that cannot be written stops the container, and leaves us in our own network") {
  sandbox::run([]() -> std::string {
    const Network there;
    EXPECT(there.made());
    struct stat before {
    }, after{};
    EXPECT(::stat("/proc/self/ns/net", &before) == 0);
    const auto changes = runtime::write_network_settings(spec_with({{"net.ipv4.no_such_setting", "1"}}),
                                                         facts_with({1000000, 2000000, 65536}));
    EXPECT(!changes.has_value());
    EXPECT(::stat("/proc/self/ns/net", &after) == 0 && before.st_ino == after.st_ino);
    return {};
  });
}
