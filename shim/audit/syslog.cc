#include "audit/syslog.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cstring>

#include "util/fd.h"

namespace hardened::audit {
namespace {

int severity(Verdict verdict) {
  switch (verdict) {
    case Verdict::allowed:
      return LOG_NOTICE;
    case Verdict::refused:
      return LOG_WARNING;
    case Verdict::failed:
      break;
  }
  return LOG_ERR;
}

}  // namespace

void to_syslog(const Record& record, const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return;
  // RFC 3164 as local loggers read it; they put the time themselves.
  const std::string line =
      fmt::format("<{}>hardened[{}]: {}", LOG_AUTHPRIV | severity(record.verdict), ::getpid(),
                  describe(record, Detail::notable).dump(-1, ' ', false, Json::error_handler_t::replace));
  ::sendto(socket.get(), line.data(), line.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           sizeof address);
}

}  // namespace hardened::audit
