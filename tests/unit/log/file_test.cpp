#include "log/file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "log/vfs.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

struct OneFile : testing::Test {
  File open() {
    auto file = File::open(path, register_vfs());
    EXPECT_TRUE(file);
    return std::move(*file);
  }
  tests::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "weir.journal-0";
};

TEST_F(OneFile, WhatIsWrittenIsReadAlsoAfterOpeningAgain) {
  {
    auto file = open();
    ASSERT_TRUE(file.write(0, "0123456789"));
    ASSERT_TRUE(file.write(4, "abc"));
    ASSERT_TRUE(file.sync());
    EXPECT_EQ(*file.read(0, 10), "0123abc789");
  }
  EXPECT_EQ(*open().read(3, 5), "3abc7");
}

TEST_F(OneFile, ReadingPastTheEndGivesWhatIsThere) {
  auto file = open();
  EXPECT_EQ(*file.read(0, 100), "");
  ASSERT_TRUE(file.write(0, "0123456789"));
  EXPECT_EQ(*file.read(7, 100), "789");
  EXPECT_EQ(*file.read(10, 1), "");
  EXPECT_EQ(*file.read(1'000'000, 1), "");
}

TEST_F(OneFile, AHoleIsZeros) {
  auto file = open();
  ASSERT_TRUE(file.write(5000, "x"));
  EXPECT_EQ(*file.read(4998, 10), std::string("\0\0x", 3));
  EXPECT_EQ(*file.size(), 5001U);
}

TEST_F(OneFile, TruncatingForgetsTheRest) {
  auto file = open();
  ASSERT_TRUE(file.write(0, "0123456789"));
  ASSERT_TRUE(file.truncate(4));
  EXPECT_EQ(*file.size(), 4U);
  EXPECT_EQ(*file.read(0, 100), "0123");
}

TEST_F(OneFile, AFolderThatIsNotThereIsAnErrorThatNamesTheFile) {
  const auto file = File::open(folder.path() / "missing" / "journal", register_vfs());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::io);
  EXPECT_NE(file.error().message.find("missing/journal"), std::string::npos) << file.error().message;
}

TEST_F(OneFile, AFullDeviceIsFull) {
  auto file = File::open("/dev/full", register_vfs());
  ASSERT_TRUE(file);
  const auto written = file->write(0, "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::full) << written.error().message;
}

TEST_F(OneFile, ReadsElsewhereAreRightWhileItIsWritten) {
  constexpr std::size_t block = 64, blocks = 2000;
  const auto body = [](std::size_t i) { return std::string(block, static_cast<char>('a' + i % 26)); };
  auto file = open();
  std::atomic<std::size_t> written = 0;
  std::atomic<std::size_t> wrong = 0;
  std::thread reader([&] {
    for (std::size_t i = 0; i < blocks;) {
      if (i >= written) continue;
      const auto bytes = file.read(i * block, block);
      if (!bytes || *bytes != body(i)) ++wrong;
      ++i;
    }
  });
  for (std::size_t i = 0; i < blocks; ++i) {
    EXPECT_TRUE(file.write(i * block, body(i)));
    ++written;
  }
  reader.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace weir::gateway
