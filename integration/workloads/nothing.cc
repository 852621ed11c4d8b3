// A low-level runtime that starts nothing: what a call still costs is the wrapper's own share.
#include <cstdio>
#include <string_view>

int main(int argc, char* argv[]) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") std::puts("runc version 1.1.5\nspec: 1.0.2-dev");
  return 0;
}
