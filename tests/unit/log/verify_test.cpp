#include "log/verify.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "log/database.h"
#include "log/journal.h"
#include "log/log.h"
#include "log/vfs.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

class VerifyTest : public testing::Test {
 protected:
  /// Closed partitions, an open one and a journal, as a kill leaves them; made once, each test has a copy.
  static void SetUpTestSuite() {
    made_ = std::make_unique<tests::TemporaryFolder>();
    tests::TemporaryFolder live;
    ManualClock clock;
    auto log =
        Log::open({.file = live.path() / "weir.db", .size_max = std::uint64_t{1} << 20U, .age_max = 30h, .background = false},
                  clock, {.on_commit = [] {}, .on_fatal = [](const Error& error) { FAIL() << error.message; }});
    ASSERT_TRUE(log) << log.error().message;
    for (int i = 0; i < 600; ++i) {
      ASSERT_TRUE((*log)->append_and_wait(some_readings(), 5s));
      clock.advance(30s);
      if (i % 20 == 0) {
        ASSERT_TRUE((*log)->tend());
      }
    }
    head_ = (*log)->head();
    std::filesystem::copy(live.path(), made_->path());
  }
  static void TearDownTestSuite() { made_.reset(); }
  void SetUp() override { std::filesystem::copy(made_->path(), folder_.path()); }

  static Append some_readings() {
    static std::mt19937_64 random(1);
    Append append{.delivery = {.reader = "test"}};
    for (int n = 0; n < 20; ++n) {
      const auto value = static_cast<double>(random() % 10'000) / 7;
      append.delivery.readings.push_back({.device = "d", .metric = "m" + std::to_string(n % 3), .value = value});
    }
    return append;
  }

  Verified verify() {
    auto verified = verify_log(file_);
    EXPECT_TRUE(verified) << verified.error().message;
    return verified ? *verified : Verified{};
  }
  std::string findings() {
    std::string text;
    for (const auto& finding : verify().findings) text += finding.where + ": " + finding.what + "\n";
    return text;
  }
  void run(const std::string& sql) {
    auto database = Database::open(file_, Database::Mode::create, register_vfs());
    ASSERT_TRUE(database);
    const auto done = database->run(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  static void flip(const std::filesystem::path& file, std::uint64_t offset, int bit) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(stream.get() ^ (1 << bit));
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(byte);
  }

  tests::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "weir.db";
  static inline std::unique_ptr<tests::TemporaryFolder> made_;
  static inline std::uint64_t head_ = 0;
};

TEST_F(VerifyTest, ASoundLogIsSoundAndAllOfItWasRead) {
  const auto verified = verify();
  EXPECT_TRUE(verified.sound()) << findings();
  EXPECT_EQ(verified.head, head_);
  EXPECT_EQ(verified.records + verified.journal_records, head_);
  EXPECT_GT(verified.partitions, 2U);
  EXPECT_GT(verified.rollups, 0U);
  EXPECT_GT(verified.journal_records, 0U);
}

TEST_F(VerifyTest, ADamagedChunkIsNamedByItsPartition) {
  run("UPDATE chunk_2 SET body = zeroblob(length(body)) WHERE id & 1048575 = 2");
  EXPECT_NE(findings().find("partition 2: "), std::string::npos) << findings();
}

TEST_F(VerifyTest, ADamagedRollupIsNamedByItsPartition) {
  run("UPDATE rollup_1 SET body = substr(body, 2) WHERE id = 0");
  EXPECT_EQ(findings(), "partition 1: 1 damaged rollups\n");
}

TEST_F(VerifyTest, RecordsThatAreMissingAreNoticed) {
  run("DELETE FROM chunk_1 WHERE id & 1048575 = 1");
  EXPECT_NE(findings().find("records can be read"), std::string::npos) << findings();
}

TEST_F(VerifyTest, APartitionThatIsNotThereIsNoticed) {
  run("DROP TABLE chunk_1");
  EXPECT_NE(findings().find("partition 1: "), std::string::npos) << findings();
}

TEST_F(VerifyTest, EveryFlippedBitOfTheDatabaseIsFound) {
  run("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");  // no free pages, which nobody reads
  std::mt19937_64 random(2);
  const auto size = std::filesystem::file_size(file_);
  for (int i = 0; i < 60; ++i) {
    const auto offset = random() % size;
    const auto bit = static_cast<int>(random() % 8);
    flip(file_, offset, bit);
    const auto verified = verify_log(file_);
    EXPECT_TRUE(!verified || !verified->sound()) << offset;
    flip(file_, offset, bit);
  }
  EXPECT_TRUE(verify().sound());
}

TEST_F(VerifyTest, ADatabaseThatIsCutOffIsFound) {
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) - 5000);
  EXPECT_FALSE(verify().sound());
}

TEST_F(VerifyTest, DamageInTheJournalIsFound) {
  const auto sound = verify();
  for (unsigned slot = 0; slot < journal_slots; ++slot) {
    const auto journal = journal_file(file_, slot);
    if (std::filesystem::exists(journal)) flip(journal, journal_sector_bytes + 20, 3);
  }
  const auto verified = verify();
  EXPECT_FALSE(verified.sound());
  EXPECT_LT(verified.journal_records, sound.journal_records);
}

TEST_F(VerifyTest, AFileThatIsNotThereIsSaidToBeNotThere) {
  const auto verified = verify_log(folder_.path() / "none.db");
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, ErrorCode::not_found);
}

TEST_F(VerifyTest, WhatIsNoDatabaseIsDamagedOrOfNoKnownSchema) {
  std::ofstream(folder_.path() / "text.db") << std::string(10'000, 'x');
  const auto verified = verify_log(folder_.path() / "text.db");
  EXPECT_TRUE(!verified || !verified->sound());
}

}  // namespace
}  // namespace weir::gateway
