// The audit log, line by line.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "util/file.h"
#include "util/result.h"

namespace hardened::audit {

// The lines of a file, read in pieces: a log may be larger than memory.
class Lines {
 public:
  // Reads at most `size` bytes: a log grows while it is read.
  Lines(int fd, const std::string& name, std::uint64_t size = UINT64_MAX) : fd_(fd), name_(name), left_(size) {}

  // The next line without its newline; nothing at the end.
  Result<std::optional<std::string>> next() {
    std::size_t end = 0;
    std::size_t from = at_;
    while ((end = text_.find('\n', from)) == std::string::npos && !ended_) {
      from = text_.size() - at_;
      TRY_DO(fill());
    }
    if (at_ == text_.size()) return std::nullopt;
    std::string line = text_.substr(at_, end == std::string::npos ? end : end - at_);
    at_ = end == std::string::npos ? text_.size() : end + 1;
    ++number_;
    return std::optional<std::string>(std::move(line));
  }
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  Status fill() {
    text_.erase(0, std::exchange(at_, 0));
    TRY(more, read_some(fd_, std::min<std::uint64_t>(left_, 1U << 20U), name_));
    ended_ = more.empty();
    left_ -= more.size();
    text_ += more;
    return {};
  }
  int fd_;
  const std::string& name_;
  std::uint64_t left_;
  std::string text_;
  std::size_t at_ = 0;
  std::size_t number_ = 0;
  bool ended_ = false;
};

}  // namespace hardened::audit
