#include "controls/seccomp_arguments.h"

#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace hardened::controls {
namespace {

using Maker = CallRule (*)(const ArgumentLimits&);

CallRule always() {
  return {{Clause{}}, {}};
}

// --- namespaces
// -------------------------------------------------------------------------------------------------------

// Every CLONE_NEW* flag but CLONE_NEWTIME, whose bit lies in clone(2)'s exit signal and only means it to clone3(2).
constexpr std::uint64_t namespace_flags = 0x7E020000;

CallRule clone_rule(const ArgumentLimits& limits) {
  if (limits.namespaces) return always();
  // CONFIG_CLONE_BACKWARDS2: the stack comes first.
  const unsigned flags = limits.architecture.starts_with("s390") ? 1 : 0;
  CallRule rule{{{masked(flags, namespace_flags, 0)}}, {}};
  for (std::uint64_t rest = namespace_flags; rest != 0; rest &= rest - 1) {
    const std::uint64_t bit = std::uint64_t{1} << std::countr_zero(rest);
    rule.deny.push_back({{masked(flags, bit, bit)}, {Action::error, limits.denied}});
  }
  return rule;
}

// The flags lie behind a pointer, which a filter cannot follow; glibc and musl fall back to clone(2) on ENOSYS only.
CallRule clone3_rule(const ArgumentLimits&) {
  return {{}, {{{}, {Action::error, ENOSYS}}}};
}

// --- personality
// ------------------------------------------------------------------------------------------------------

// PER_LINUX, PER_LINUX32, both with UNAME26, and the question: not READ_IMPLIES_EXEC, not ADDR_NO_RANDOMIZE. Debuggers
// and sanitizers try these two and take EPERM for what it is; the question has every bit, so also the uppermost.
CallRule personality_rule(const ArgumentLimits& limits) {
  CallRule rule;
  for (const std::uint64_t value : {0x0ULL, 0x8ULL, 0x20000ULL, 0x20008ULL, 0xffffffffULL})
    rule.allow.push_back({equals(0, value)});
  constexpr std::uint64_t uppermost = 0x80000000;
  for (const std::uint64_t flag : {0x0040000ULL, 0x0400000ULL})
    rule.deny.push_back({{masked(0, uppermost | flag, flag)}, {Action::error, limits.denied}});
  return rule;
}

// --- terminals
// --------------------------------------------------------------------------------------------------------

// TIOCSTI (0x5412) types into the terminal the container shares with the user; TIOCLINUX (0x541C) pastes. The kernel
// reads 32 bits of the request, so a plain "not equal" on 64 bits falls to any higher bit; and libseccomp drops a
// denial beside an unconditional allowance. So everything is allowed whose lower half differs from both in one bit at
// least: half the rules of the whole word, for the price of an unused ioctl of the sound timer.
CallRule ioctl_rule(const ArgumentLimits& limits) {
  constexpr std::uint64_t upper = 0xfff0;
  constexpr std::uint64_t forbidden = 0x5410;
  CallRule rule;
  for (std::uint64_t rest = upper; rest != 0; rest &= rest - 1) {
    const std::uint64_t bit = std::uint64_t{1} << std::countr_zero(rest);
    rule.allow.push_back({masked(1, bit, ~forbidden)});
  }
  // Of the last four bits: all but 0010 and 1100.
  constexpr std::uint64_t allowed_ends[][2] = {
      {0b0001, 0b0001}, {0b1100, 0b0100}, {0b1010, 0b0000}, {0b1100, 0b1000}, {0b1010, 0b1010}};
  for (const auto& [mask, value] : allowed_ends) rule.allow.push_back({masked(1, mask, value)});
  for (const std::uint64_t request : {0x5412ULL, 0x541CULL})
    rule.deny.push_back({{masked(1, 0xffff, request)}, {Action::error, limits.denied}});
  return rule;
}

// --- set-user-ID bits
// -------------------------------------------------------------------------------------------------

// A set-user-ID file of uid 0 on a volume makes its caller root on the host, whatever the container may do. The
// set-group-ID bit is left: on directories it is ordinary (PostgreSQL's own entry point sets it), and a filter cannot
// tell them apart.
constexpr std::uint64_t set_user_id = 04000;
constexpr std::uint64_t creates = 0100;               // O_CREAT
constexpr std::uint64_t creates_unnamed = 020000000;  // __O_TMPFILE

CallRule mode_rule(unsigned mode, const ArgumentLimits& limits) {
  if (limits.set_user_id) return always();
  return {{{masked(mode, set_user_id, 0)}},
          {{{masked(mode, set_user_id, set_user_id)}, {Action::error, limits.denied}}}};
}

// Without a flag that creates, the mode is not read and may be anything.
CallRule open_rule(unsigned flags, const ArgumentLimits& limits) {
  if (limits.set_user_id) return always();
  const unsigned mode = flags + 1;
  CallRule rule{{{masked(flags, creates | creates_unnamed, 0)}, {masked(mode, set_user_id, 0)}}, {}};
  for (const std::uint64_t flag : {creates, creates_unnamed}) {
    const Clause both_set = {masked(flags, flag, flag), masked(mode, set_user_id, set_user_id)};
    rule.deny.push_back({both_set, {Action::error, limits.denied}});
  }
  return rule;
}

// --- sockets
// ----------------------------------------------------------------------------------------------------------

struct Family {
  std::string_view name;
  std::uint64_t number;
};
constexpr Family families[] = {{"AF_UNIX", AF_UNIX},
                               {"AF_LOCAL", AF_UNIX},
                               {"AF_INET", AF_INET},
                               {"AF_INET6", AF_INET6},
                               {"AF_NETLINK", AF_NETLINK},
                               {"AF_PACKET", AF_PACKET},
                               {"AF_ALG", AF_ALG},
                               {"AF_VSOCK", AF_VSOCK},
                               {"AF_BLUETOOTH", AF_BLUETOOTH},
                               {"AF_CAN", AF_CAN},
                               {"AF_KEY", AF_KEY},
                               {"AF_TIPC", AF_TIPC},
                               {"AF_RDS", AF_RDS},
                               {"AF_XDP", AF_XDP},
                               {"AF_QIPCRTR", AF_QIPCRTR},
                               {"AF_PPPOX", AF_PPPOX},
                               {"AF_AX25", AF_AX25},
                               {"AF_X25", AF_X25},
                               {"AF_ATMPVC", AF_ATMPVC},
                               {"AF_APPLETALK", AF_APPLETALK},
                               {"AF_IB", AF_IB},
                               {"AF_KCM", AF_KCM},
                               {"AF_SMC", AF_SMC},
                               {"AF_NFC", AF_NFC}};

// What a kernel without the family answers: libaudit, so su and useradd, take EPERM for a failure but this for "no
// audit".
constexpr Answer no_such_family{Action::error, EAFNOSUPPORT};

std::vector<std::uint64_t> family_numbers(const ArgumentLimits& limits) {
  std::vector<std::uint64_t> numbers;
  for (const Family& family : families) {
    if (std::find(limits.socket_families.begin(), limits.socket_families.end(), family.name) !=
        limits.socket_families.end())
      numbers.push_back(family.number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

// Denies the families from `low` up to but not including `high`, in as few masks as possible.
void deny_between(std::uint64_t low, std::uint64_t high, CallRule& rule) {
  while (low < high) {
    std::uint64_t size = low == 0 ? std::bit_floor(high) : low & (~low + 1);
    while (low + size > high) size /= 2;
    rule.deny.push_back({{masked(0, ~(size - 1), low)}, no_such_family});
    low += size;
  }
}

// Raw sockets forge any packet (ARP and route spoofing); the type's upper bits are flags.
void allow_internet(std::uint64_t family, const ArgumentLimits& limits, CallRule& rule) {
  constexpr std::uint64_t type_bits = 0xf;
  if (limits.capabilities.contains("CAP_NET_RAW")) {
    rule.allow.push_back({equals(0, family)});
    return;
  }
  for (const std::uint64_t type : {1ULL, 2ULL})  // SOCK_STREAM, SOCK_DGRAM
    rule.allow.push_back({equals(0, family), masked(1, type_bits, type)});
  rule.deny.push_back({{equals(0, family), masked(1, type_bits, 3)}, {Action::error, limits.denied}});  // SOCK_RAW
}

// Routes and addresses (getifaddrs) are NETLINK_ROUTE, 0; the other protocols configure firewalls, IPsec and audit.
void allow_netlink(const ArgumentLimits& limits, CallRule& rule) {
  if (limits.capabilities.contains("CAP_NET_ADMIN")) {
    rule.allow.push_back({equals(0, AF_NETLINK)});
    return;
  }
  rule.allow.push_back({equals(0, AF_NETLINK), equals(2, 0)});
  rule.deny.push_back({{equals(0, AF_NETLINK), not_equal(2, 0)}, no_such_family});
}

CallRule socket_rule(const ArgumentLimits& limits) {
  CallRule rule;
  std::uint64_t next = 0;
  for (const std::uint64_t family : family_numbers(limits)) {
    deny_between(next, family, rule);
    next = family + 1;
    if (family == AF_INET || family == AF_INET6)
      allow_internet(family, limits, rule);
    else if (family == AF_NETLINK)
      allow_netlink(limits, rule);
    else
      rule.allow.push_back({equals(0, family)});
  }
  if (next == 0) return {{}, {{{}, no_such_family}}};
  rule.deny.push_back({{at_least(0, next)}, no_such_family});
  return rule;
}

CallRule socketpair_rule(const ArgumentLimits&) {
  return {{{equals(0, AF_UNIX)}}, {{{not_equal(0, AF_UNIX)}, no_such_family}}};
}

struct Row {
  std::string_view call;
  Maker maker;
};
constexpr Row rows[] = {
    {"clone", clone_rule},
    {"clone3", clone3_rule},
    {"personality", personality_rule},
    {"ioctl", ioctl_rule},
    {"socket", socket_rule},
    {"socketpair", socketpair_rule},
    {"chmod", [](const ArgumentLimits& limits) { return mode_rule(1, limits); }},
    {"fchmod", [](const ArgumentLimits& limits) { return mode_rule(1, limits); }},
    {"fchmodat", [](const ArgumentLimits& limits) { return mode_rule(2, limits); }},
    {"fchmodat2", [](const ArgumentLimits& limits) { return mode_rule(2, limits); }},
    {"mknod", [](const ArgumentLimits& limits) { return mode_rule(1, limits); }},
    {"mknodat", [](const ArgumentLimits& limits) { return mode_rule(2, limits); }},
    {"creat", [](const ArgumentLimits& limits) { return mode_rule(1, limits); }},
    {"open", [](const ArgumentLimits& limits) { return open_rule(1, limits); }},
    {"openat", [](const ArgumentLimits& limits) { return open_rule(2, limits); }},
};

}  // namespace

SharedRule argument_rule(std::string_view call, const ArgumentLimits& limits) {
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [call](const Row& r) { return r.call == call; });
  return row == std::end(rows) ? always_allowed() : settled(row->maker(limits));
}

std::span<const std::string> socket_family_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const Family& family : families) result.emplace_back(family.name);
    return result;
  }();
  return names;
}

std::string_view socket_family_name(std::uint64_t number) {
  const auto* found =
      std::find_if(std::begin(families), std::end(families), [number](const Family& f) { return f.number == number; });
  return found == std::end(families) ? std::string_view() : found->name;
}

}  // namespace hardened::controls
