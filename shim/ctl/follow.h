// A log as it grows: across rotation, replacement, truncation, and before it is there at all. What tail -F does.
#pragma once

#include <functional>
#include <string>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::ctl {

class Follower {
 public:
  // Errors: Code::io where there is no inotify(7) to be had.
  [[nodiscard]] static Result<Follower> of(const std::string& path);

  // Hands every whole line that is there and was not handed over yet to `each`, without its newline: the rest of a file
  // that was rotated away first. A file that became shorter is read anew. Errors: Code::io.
  [[nodiscard]] Status read(const std::function<void(const std::string&)>& each);

  // Returns when something has happened to the file, its directory or the way to it since the last read(), at once if
  // that was before this call; or after `milliseconds` (-1: never). Errors: Code::io.
  [[nodiscard]] Status wait(int milliseconds = -1);

 private:
  Follower(std::string path, Fd inotify) : path_(std::move(path)), inotify_(std::move(inotify)) {}
  [[nodiscard]] Status watch();
  [[nodiscard]] Status read_on(const std::function<void(const std::string&)>& each);
  [[nodiscard]] bool was_replaced() const;
  void open();

  std::string path_;
  Fd inotify_;
  Fd file_;
  std::string line_;  // the beginning of one
};

}  // namespace hardened::ctl
