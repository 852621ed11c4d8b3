// What the seccomp tests share: the profile, programs, and argument lists where filters are likely to differ.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "catch.h"
#include "host/facts.h"
#include "kernel/bpf_evaluator.h"
#include "kernel/seccomp_filter.h"
#include "oci/json.h"
#include "policy/policy.h"

namespace hardened::test {

inline Json data_file(const std::string& name) {
  std::ifstream file(std::string(HARDENED_SOURCE_DIR) + "/tests/data/" + name);
  REQUIRE(file.good());
  return Json::parse(file);
}

inline policy::Seccomp strict_profile() {
  std::ifstream file(std::string(HARDENED_SOURCE_DIR) + "/profiles/strict.json");
  const Json document = Json::parse(file).at("seccomp");
  policy::Seccomp profile;
  document.at("allow").get_to(profile.allow);
  document.at("deny").get_to(profile.deny);
  document.at("errno").get_to(profile.denied);
  document.at("unknown").get_to(profile.unknown);
  document.at("socket_families").get_to(profile.socket_families);
  return profile;
}

inline Facts facts_of(host::RuntimeKind kind, int major, int minor, int patch) {
  Facts facts;
  facts.runtime = {"/usr/sbin/runtime", kind, major, minor, patch};
  facts.kernel_major = 6;
  facts.kernel_minor = 1;
  return facts;
}

inline Facts runc_facts() {
  return facts_of(host::RuntimeKind::runc, 1, 1, 5);
}

inline std::vector<sock_filter> program_of(const Json& seccomp, const char* native = "SCMP_ARCH_X86_64") {
  auto program = kernel::compile_seccomp(seccomp, native);
  INFO((program ? std::string() : program.error().message));
  REQUIRE(program);
  return std::move(*program);
}

inline int number_of(const std::string& call) {
  const auto number = kernel::syscall_number(call, "SCMP_ARCH_X86_64");
  INFO(call);
  REQUIRE(number);
  return *number;
}

// Values at which some argument rule changes its mind, some of them with rubbish where the kernel does not look.
inline std::uint64_t sample_value(std::mt19937_64& random) {
  static const std::vector<std::uint64_t> corners = {
      0,          1,          2,          3,          4,          5,         8,        10,         15,
      16,         17,         29,         38,         40,         0100,      0101,     020000000,  020200000,
      02000,      04000,      06000,      0644,       04755,      02777,     0x5401,   0x5410,     0x5411,
      0x5412,     0x5413,     0x541b,     0x541c,     0x541d,     0x541e,    0x5422,   0x5452,     0x15412,
      0x80045430, 0x20000,    0x20008,    0x40000,    0x7e0000,   0x80000,   0x80802,  0x80803,    0x2000000,
      0x4000000,  0x8000000,  0x10000000, 0x20000000, 0x40000000, 0x1200011, 0x3d0f00, 0x7e020000, 0xffffffff,
      ~0ULL,      1ULL << 63, 0x80,       0x1000011,  6,          7};
  std::uint64_t value = corners[random() % corners.size()];
  switch (random() % 8) {
    case 0:
      return value | (1ULL << (32 + random() % 32));
    case 1:
      return value ^ (1ULL << (random() % 32));
    case 2:
      return random();
    default:
      return value;
  }
}

inline Arguments sample_arguments(std::mt19937_64& random) {
  Arguments arguments;
  for (std::uint64_t& argument : arguments) argument = sample_value(random);
  return arguments;
}

}  // namespace hardened::test
