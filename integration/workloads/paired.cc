// paired ROUNDS A B: runs two scripts in turn, ROUNDS times, and prints the medians of their times as JSON.
// A script is a file of commands, one a line, words separated by blanks, started without a shell. "{}" stands for a
// name that is new in every round; a line that begins with "-" is run but not timed. Order within a round alternates.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Command {
  bool timed = true;
  std::vector<std::string> words;
};

std::vector<Command> read_script(const char* path) {
  std::vector<Command> script;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    Command command;
    command.timed = line.rfind('-', 0) != 0;
    std::istringstream words(command.timed ? line : line.substr(1));
    for (std::string word; words >> word;) command.words.push_back(word);
    if (!command.words.empty()) script.push_back(command);
  }
  return script;
}

void replace_name(std::string& word, const std::string& name) {
  for (std::size_t at = word.find("{}"); at != std::string::npos; at = word.find("{}", at)) word.replace(at, 2, name);
}

void run(const Command& command, const std::string& name) {
  std::vector<std::string> words = command.words;
  std::vector<char*> argv;
  for (std::string& word : words) {
    replace_name(word, name);
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  int status = 1;
  if (posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0) waitpid(pid, &status, 0);
  posix_spawn_file_actions_destroy(&actions);
  if (status == 0) return;
  std::fprintf(stderr, "paired: cannot go on: %s failed\n", argv[0]);
  std::exit(1);
}

// Milliseconds.
double measure(const std::vector<Command>& script, const std::string& name) {
  using Clock = std::chrono::steady_clock;
  std::chrono::duration<double, std::milli> total{};
  for (const Command& command : script) {
    const auto start = Clock::now();
    run(command, name);
    if (command.timed) total += Clock::now() - start;
  }
  return total.count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int rounds = std::atoi(argv[1]);
  const std::vector<Command> scripts[2] = {read_script(argv[2]), read_script(argv[3])};
  std::vector<double> times[2], differences, ratios;
  for (int round = -1; round < rounds; ++round) {  // the first round only warms the caches
    double sample[2] = {};
    for (const int side : {round & 1, 1 - (round & 1)})
      sample[side] = measure(scripts[side], "paired-" + std::to_string(getpid()) + "-" + std::to_string(round + 1) +
                                                (side == 0 ? "a" : "b"));
    if (round < 0) continue;
    for (const int side : {0, 1}) times[side].push_back(sample[side]);
    differences.push_back(sample[0] - sample[1]);
    ratios.push_back(sample[0] / sample[1]);
  }
  std::printf("{\"rounds\":%d,\"a_ms\":%.3f,\"b_ms\":%.3f,\"added_ms\":%.3f,\"ratio\":%.3f}\n", rounds,
              median(times[0]), median(times[1]), median(differences), median(ratios));
  return 0;
}
