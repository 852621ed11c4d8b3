// The kernel's audit records as they are made, beside auditd or without it (netlink's multicast group of
// NETLINK_AUDIT, since Linux 3.16; CAP_AUDIT_READ).
#pragma once

#include <cstdint>
#include <string_view>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::record {

class AuditSocket {
 public:
  // `buffer`: bytes of records that may wait to be read. Errors: Code::policy, with what the kernel refuses.
  [[nodiscard]] static Result<AuditSocket> open(std::uint64_t buffer);

  enum class Heard { record, nothing, overrun, failure };
  struct Message {
    Heard heard = Heard::nothing;
    unsigned type = 0;      // linux/audit.h
    std::string_view text;  // valid until the next call
  };
  // The next message that waits. overrun: some were given up because the buffer was full.
  [[nodiscard]] Message next();
  // Waits for one, `patience` milliseconds at most.
  void wait(int patience) const;
  [[nodiscard]] int descriptor() const { return socket_.get(); }

 private:
  explicit AuditSocket(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
  alignas(8) char bytes_[16384] = {};  // AUDIT_MESSAGE_TEXT_MAX is 8560
};

// How many records the kernel has given up since it booted, because of its own limits (auditctl -s, "lost"). Errors:
// Code::policy; it does not say.
[[nodiscard]] Result<std::uint64_t> records_given_up();

}  // namespace hardened::record
