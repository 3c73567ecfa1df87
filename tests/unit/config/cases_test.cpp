// tests/cases/config/<case>/weir.toml -> expected.txt: every fault, a line each, or "ok". A new case needs no code.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "config/config.h"

namespace weir::gateway {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<fs::path> cases() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(WEIR_CASES) / "config")) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

class ConfigCase : public ::testing::TestWithParam<fs::path> {};

TEST_P(ConfigCase, GivesExactlyTheExpectedFaults) {
  fs::current_path(GetParam());  // so that paths in faults are the same everywhere
  const Loaded loaded = load_config_file("weir.toml");
  std::string actual;
  for (const Fault& fault : loaded.faults) actual += to_string(fault, "weir.toml") + "\n";
  EXPECT_EQ(actual.empty() ? "ok\n" : actual, text_of("expected.txt"));
}

std::string case_name(const ::testing::TestParamInfo<fs::path>& tested) {
  std::string name = tested.param.filename().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, ConfigCase, ::testing::ValuesIn(cases()), case_name);

TEST(Boards, ConfigurationsToBeginWithHaveNoFault) {
  unsigned boards = 0;
  for (const auto& board : fs::directory_iterator(fs::path(WEIR_CASES) / ".." / ".." / "boards")) {
    if (!board.is_directory()) continue;
    ++boards;
    EXPECT_TRUE(fs::exists(board.path() / "board.toml"));
    for (const Fault& fault : load_config_file(board.path() / "weir.toml").faults)
      ADD_FAILURE() << to_string(fault, board.path().string());
  }
  EXPECT_GT(boards, 0U);
}

}  // namespace
}  // namespace weir::gateway
