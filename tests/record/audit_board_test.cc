#include "record/audit_board.h"

#include <sys/stat.h>

#include "catch.h"
#include "temporary.h"

using namespace hardened;

TEST_CASE("board: what one writes the other reads, root alone") {
  const testing::TemporaryDirectory temporary;
  const std::string path = temporary.path("board");
  const auto board = record::make_board(path);
  REQUIRE(board);
  (*board)->ids = 65536;
  (*board)->calls[record_serve][record_native].seen[39] = 1;
  const auto other = record::open_board(path);
  REQUIRE(other);
  CHECK((*other)->ids == 65536);
  CHECK((*other)->calls[record_serve][record_native].seen[39] == 1);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("board: one that is there already, that is missing or of another size is an error") {
  const testing::TemporaryDirectory temporary;
  const std::string path = temporary.path("board");
  CHECK_FALSE(record::open_board(path));
  testing::write_text(path, "short");
  CHECK_FALSE(record::open_board(path));
  CHECK_FALSE(record::make_board(path));
}
