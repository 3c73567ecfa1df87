#include "faults/power_cut.h"

#include <gtest/gtest.h>

#include <set>

namespace weir::faults {
namespace {

struct Scenario {
  Trace trace{.files = {"a", "b"}, .steps = {}};

  Scenario& made(std::uint32_t file = 0) { return add({.operation = Operation::open, .file = file}); }
  Scenario& write(std::uint64_t offset, std::string bytes, std::uint32_t file = 0) {
    return add({.operation = Operation::write, .file = file, .offset = offset, .bytes = std::move(bytes)});
  }
  Scenario& truncate(std::uint64_t size) { return add({.operation = Operation::truncate, .offset = size}); }
  Scenario& sync(std::uint32_t file = 0) {
    return add({.operation = Operation::sync, .file = file, .offset = trace.steps.size()});
  }
  Scenario& removed(bool folder_synced) { return add({.operation = Operation::remove, .folder = folder_synced}); }
  Scenario& add(Step step) {
    trace.steps.push_back(std::move(step));
    return *this;
  }

  PowerCut at_end(Image before = {}) const {
    PowerCut cut(trace, std::move(before));
    cut.advance_to(trace.steps.size());
    return cut;
  }

  /// What file "a" is after each of many cuts; "none" where it is not there.
  std::set<std::string> outcomes() const {
    std::set<std::string> all;
    const auto cut = at_end();
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
      Random random(seed);
      const auto image = cut.cut(random);
      const auto file = image.find("a");
      all.insert(file == image.end() ? "none" : file->second.read(0, file->second.size()));
    }
    return all;
  }
};

using Outcomes = std::set<std::string>;

TEST(PowerCut, WhatWasSyncedIsThereAfterEveryCut) {
  EXPECT_EQ(Scenario().made().write(0, "synced").sync().outcomes(), Outcomes{"synced"});
}

TEST(PowerCut, WhatWasNotSyncedMayBeThereOrNot) {
  const auto outcomes = Scenario().made().write(0, "old").sync().write(0, "new").outcomes();
  EXPECT_TRUE(outcomes.contains("old"));
  EXPECT_TRUE(outcomes.contains("new"));
  EXPECT_TRUE(outcomes.contains("nld")) << "torn";
}

TEST(PowerCut, AnyOfTheWritesToASectorMayBeTheLast) {
  const auto outcomes = Scenario().made().write(0, "1").sync().write(0, "2").write(0, "3").outcomes();
  for (const auto* one : {"1", "2", "3"}) EXPECT_TRUE(outcomes.contains(one)) << one;
}

TEST(PowerCut, BytesThatNobodyWroteStayAsTheyAreWhereTheirSectorIsTorn) {
  const auto outcomes = Scenario().made().write(0, "left.....right").sync().write(4, "12345").outcomes();
  EXPECT_GT(outcomes.size(), 20U) << "garbage";
  for (const auto& outcome : outcomes) {
    EXPECT_EQ(outcome.substr(0, 4), "left");
    EXPECT_EQ(outcome.substr(9), "right");
  }
}

TEST(PowerCut, SectorsHaveTheirOwnFates) {
  const std::string one(512, '1'), two(512, '2');
  const auto outcomes = Scenario().made().write(0, one + one).sync().write(0, two + two).outcomes();
  for (const auto& outcome : {one + one, one + two, two + one, two + two}) EXPECT_TRUE(outcomes.contains(outcome));
}

TEST(PowerCut, TheSizeIsOneOfThoseThatTheFileHad) {
  const auto outcomes = Scenario().made().write(0, "abcdef").sync().truncate(3).outcomes();
  EXPECT_EQ(outcomes, (Outcomes{"abcdef", "abc", std::string("abc\0\0\0", 6)}));
}

TEST(PowerCut, AFileThatWasNeverSyncedMayBeMissing) {
  const auto outcomes = Scenario().made().write(0, "x").outcomes();
  EXPECT_TRUE(outcomes.contains("none"));
  EXPECT_TRUE(outcomes.contains("x"));
}

TEST(PowerCut, ARemovedFileMayBeBackUnlessItsFolderWasSynced) {
  EXPECT_EQ(Scenario().made().write(0, "x").sync().removed(false).outcomes(), (Outcomes{"none", "x"}));
  EXPECT_EQ(Scenario().made().write(0, "x").sync().removed(true).outcomes(), Outcomes{"none"});
}

TEST(PowerCut, ASyncOfTheFolderIsOneOfAllThatIsInIt) {
  auto scenario = Scenario().made().write(0, "x").sync().removed(false).made(1);
  scenario.add({.operation = Operation::sync, .file = 1, .offset = scenario.trace.steps.size(), .folder = true});
  EXPECT_EQ(scenario.outcomes(), Outcomes{"none"});
}

TEST(PowerCut, WhatIsWrittenDuringASyncIsNotCoveredByIt) {
  Scenario scenario;
  scenario.made().write(0, "a").sync().write(1, "b");
  scenario.add({.operation = Operation::sync, .offset = 3});  // it began before the "b" was written
  EXPECT_TRUE(scenario.outcomes().contains("a"));
  scenario.add({.operation = Operation::sync, .offset = 5});
  EXPECT_EQ(scenario.outcomes(), Outcomes{"ab"});
}

TEST(PowerCut, ASyncOfOneFileSaysNothingAboutAnother) {
  EXPECT_TRUE(Scenario().made().made(1).write(0, "x").write(0, "y", 1).sync(1).outcomes().contains("none"));
}

TEST(PowerCut, TimeGoesOnStepByStep) {
  auto scenario = Scenario().made().write(0, "a").sync().write(1, "b").sync();
  PowerCut cut(scenario.trace, {});
  cut.advance_to(3);
  EXPECT_EQ(cut.all_lost().at("a").read(0, 9), std::string("a") + std::string(8, '\0'));
  EXPECT_EQ(cut.all_lost().at("a").size(), 1U);
  cut.advance_to(5);
  EXPECT_EQ(cut.all_lost().at("a").size(), 2U);
}

TEST(PowerCut, ItBeginsWithWhatTheFolderHad) {
  Image before;
  before["a"].write(0, "before");
  before["c"].write(0, "untouched");
  const auto scenario = Scenario().write(0, "B").sync();
  const auto image = scenario.at_end(before).all_lost();
  EXPECT_EQ(image.at("a").read(0, 6), "Before");
  EXPECT_EQ(image.at("c").read(0, 9), "untouched");
  EXPECT_FALSE(image.contains("b"));
}

TEST(PowerCut, TheSameSeedGivesTheSameCut) {
  const auto scenario = Scenario().made().write(0, std::string(10'000, 'x')).sync().write(100, std::string(9'000, 'y'));
  const auto cut = scenario.at_end();
  Random one(7), two(7);
  EXPECT_EQ(cut.cut(one), cut.cut(two));
}

}  // namespace
}  // namespace weir::faults
