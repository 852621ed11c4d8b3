// A low-level runtime for tests: leaves what it was called with, byte for byte, beside itself ("argv", "environ",
// separated by NUL) and exits with the number in the file "status".
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

namespace {

std::string own_directory() {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string own(path.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
  return own.substr(0, own.rfind('/'));
}

void write(const std::string& path, char** words) {
  std::ofstream file(path, std::ios::binary);
  for (; *words != nullptr; ++words) file << *words << '\0';
}

}  // namespace

int main(int, char** argv) {
  const std::string directory = own_directory();
  write(directory + "/argv", argv);
  write(directory + "/environ", environ);
  int status = 0;
  std::ifstream(directory + "/status") >> status;
  return status;
}
