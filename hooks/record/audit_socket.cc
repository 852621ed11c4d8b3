#include "record/audit_socket.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace hardened::record {
namespace {

Result<Fd> netlink(unsigned groups, int flags) {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_AUDIT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (socket.valid() && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  auto failure = fail_errno("cannot read the kernel's audit records", errno).value();
  failure.code = Code::policy;
  failure.hint = "the engine's service needs CAP_AUDIT_READ in the host's user namespace";
  return tl::unexpected<Error>(std::move(failure));
}

// The kernel sends its records into the host's network namespace alone, and an engine may run in one of its own.
// Process 2 of the host is the kernel's (kthreadd), which never leaves it; process 1 may have more rights than we, so
// that we may not look at it. For the time of this object.
class HostNetwork {
 public:
  HostNetwork() {
    auto own = open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY);
    const auto host = open_at(AT_FDCWD, "/proc/2/ns/net", O_RDONLY);
    if (own && host && ::setns(host->get(), CLONE_NEWNET) == 0) own_ = std::move(*own);
  }
  HostNetwork(const HostNetwork&) = delete;
  HostNetwork& operator=(const HostNetwork&) = delete;
  ~HostNetwork() {
    if (own_.valid()) ::setns(own_.get(), CLONE_NEWNET);
  }

 private:
  Fd own_;
};

tl::unexpected<Error> does_not_say() {
  return fail(Code::policy, "cannot learn whether the kernel gives up audit records",
              "the engine's service needs CAP_AUDIT_CONTROL in the host's user namespace");
}

}  // namespace

Result<AuditSocket> AuditSocket::open(std::uint64_t buffer) {
  const HostNetwork host;
  TRY(socket, netlink(1U << (AUDIT_NLGRP_READLOG - 1), SOCK_NONBLOCK));
  const int bytes = static_cast<int>(std::min<std::uint64_t>(buffer, INT_MAX));
  // The kernel doubles it for its own bookkeeping (socket(7)). Only CAP_NET_ADMIN may go beyond rmem_max.
  const int asked = bytes / 2;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &asked, sizeof asked) != 0)
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &asked, sizeof asked);
  return AuditSocket(std::move(socket));
}

AuditSocket::Message AuditSocket::next() {
  for (;;) {
    const ssize_t count = ::recv(socket_.get(), bytes_, sizeof bytes_, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == ENOBUFS) return {Heard::overrun, 0, {}};
    if (count < 0) return {errno == EAGAIN ? Heard::nothing : Heard::failure, 0, {}};
    const auto size = static_cast<std::size_t>(count);
    if (size < sizeof(nlmsghdr)) continue;
    nlmsghdr header{};
    std::memcpy(&header, bytes_, sizeof header);
    // Its length is not believed: the kernel has left out the header's own part of it at times (audit_log_end()).
    return {Heard::record, header.nlmsg_type, {bytes_ + NLMSG_HDRLEN, size - NLMSG_HDRLEN}};
  }
}

void AuditSocket::wait(int patience) const {
  pollfd waiting{socket_.get(), POLLIN, 0};
  ::poll(&waiting, 1, patience);
}

Result<std::uint64_t> records_given_up() {
  constexpr int patience = 1000;  // milliseconds
  TRY(socket, netlink(0, 0));
  nlmsghdr request{};
  request.nlmsg_len = sizeof request;
  request.nlmsg_type = AUDIT_GET;
  request.nlmsg_flags = NLM_F_REQUEST;
  if (::send(socket.get(), &request, sizeof request, 0) != sizeof request) return does_not_say();
  pollfd waiting{socket.get(), POLLIN, 0};
  struct {
    nlmsghdr header;
    audit_status status;
  } answer{};
  if (::poll(&waiting, 1, patience) != 1 || ::recv(socket.get(), &answer, sizeof answer, 0) < 0) return does_not_say();
  if (answer.header.nlmsg_type != AUDIT_GET) return does_not_say();
  return answer.status.lost;
}

}  // namespace hardened::record
