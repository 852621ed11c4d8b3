// How hardenctl prints.
#pragma once

#include <string>
#include <vector>

#include "oci/json.h"
#include "util/result.h"

namespace hardened::ctl {

// To standard output, indented, with a newline; bytes that are no UTF-8 are replaced.
void print(const Json& document);
void print_line(const std::string& line);
void print_text(const std::string& text);  // as it is

// To standard error: "hardenctl: MESSAGE", and how to mend it on a line of its own.
void complain(const Error& error);

// Columns as wide as their widest cell; the last one is not padded. Control characters in cells, which come from logs
// and thus from whoever names containers and images, are shown as "?": they could repaint a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row);
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hardened::ctl
