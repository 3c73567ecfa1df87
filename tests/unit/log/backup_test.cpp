#include "log/backup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "log/aside.h"
#include "log/log.h"
#include "log/verify.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

class BackupTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  std::filesystem::path log_file() const { return file("weir.db"); }

  std::unique_ptr<Log> open(const std::filesystem::path& path) {
    auto log = Log::open({.file = path, .size_max = std::uint64_t{64} << 20U}, clock_,
                         {.on_commit = [] {}, .on_fatal = [](const Error& error) { FAIL() << error.message; }});
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }

  /// Refused where folding can't keep up, as under load on a slow machine: then again, as a reader does.
  static std::uint64_t put(Log& log, std::int64_t value) {
    Append append{.delivery = {.reader = "test"}};
    append.delivery.readings.push_back({.device = "d", .metric = "count", .value = value, .unit = "1"});
    auto committed = log.append_and_wait(Append(append), 10s);
    while (!committed && committed.error().code == ErrorCode::full) committed = log.append_and_wait(Append(append), 10s);
    EXPECT_TRUE(committed) << committed.error().message;
    return committed ? committed->last : 0;
  }

  /// The readings of a log, and that their numbers leave nothing out.
  static std::vector<std::int64_t> values(Log& log) {
    std::vector<std::int64_t> found;
    for (std::uint64_t after = 0; after < log.head();) {
      std::promise<Result<BlockPtr>> answer;
      log.read(after, 10'000, [&](Result<BlockPtr> block) { answer.set_value(std::move(block)); });
      const auto block = answer.get_future().get();
      EXPECT_TRUE(block) << block.error().message;
      if (!block || !*block) break;
      EXPECT_EQ((*block)->first(), after + 1);
      for (const auto& record : (*block)->records) {
        if (record.kind == Kind::reading) found.push_back(std::get<std::int64_t>(record.value));
      }
      after = (*block)->last();
    }
    return found;
  }

  Backup back_up_to(const std::string& name) {
    auto backup = back_up(log_file(), file(name), clock_);
    EXPECT_TRUE(backup) << backup.error().message;
    return backup ? *backup : Backup{};
  }

  static void expect_sound(const std::filesystem::path& path) {
    const auto verified = verify_log(path);
    ASSERT_TRUE(verified) << verified.error().message;
    for (const auto& finding : verified->findings) ADD_FAILURE() << finding.where << ": " << finding.what;
    EXPECT_TRUE(verified->sound());
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) found.push_back(entry.path().filename());
    return found;
  }

  tests::TemporaryFolder folder_;
  SystemClock clock_;
};

std::vector<std::int64_t> counted(std::int64_t to) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 1; i <= to; ++i) values.push_back(i);
  return values;
}

TEST_F(BackupTest, OfAStoppedLogItIsOneFileWithEverything) {
  auto log = open(log_file());
  for (std::int64_t i = 1; i <= 100; ++i) put(*log, i);
  const auto head = log->head();
  const auto epoch = log->epoch();
  log.reset();
  const auto backup = back_up_to("copy.db");
  EXPECT_EQ(backup.head, head);
  EXPECT_EQ(backup.epoch, epoch);
  EXPECT_EQ(backup.bytes, std::filesystem::file_size(file("copy.db")));
  for (const auto& name : names()) EXPECT_FALSE(name.starts_with("copy.db") && name != "copy.db") << name;
  expect_sound(file("copy.db"));
  std::filesystem::create_directory(file("elsewhere"));
  std::filesystem::rename(file("copy.db"), file("elsewhere/weir.db"));
  EXPECT_EQ(values(*open(file("elsewhere/weir.db"))), counted(100));
}

TEST_F(BackupTest, UnderLoadItHasAllThatWasAcknowledgedBeforeAndNoHole) {
  auto log = open(log_file());
  std::atomic<std::int64_t> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::int64_t i = 1; !stop; ++i) {
      put(*log, i);
      acknowledged = i;
    }
  });
  for (int i = 0; i < 5; ++i) {
    const auto before = acknowledged.load();
    const auto name = "copy-" + std::to_string(i) + ".db";
    const auto backup = back_up_to(name);
    expect_sound(file(name));
    auto copy = open(file(name));
    const auto found = values(*copy);
    EXPECT_GE(static_cast<std::int64_t>(found.size()), before);
    EXPECT_EQ(found, counted(static_cast<std::int64_t>(found.size())));
    EXPECT_EQ(copy->head(), backup.head);
  }
  stop = true;
  writer.join();
}

TEST_F(BackupTest, TheLogItselfIsNotTouched) {
  auto log = open(log_file());
  put(*log, 1);
  log.reset();
  const auto before = std::filesystem::last_write_time(log_file());
  back_up_to("copy.db");
  EXPECT_EQ(std::filesystem::last_write_time(log_file()), before);
  EXPECT_EQ(values(*open(log_file())), counted(1));
}

TEST_F(BackupTest, AFileThatIsThereIsNotOverwritten) {
  open(log_file());
  const auto backup = back_up(log_file(), log_file(), clock_);
  ASSERT_FALSE(backup);
  EXPECT_EQ(backup.error().code, ErrorCode::conflict);
}

TEST_F(BackupTest, WithoutALogThereIsNothingToBackUp) {
  const auto backup = back_up(file("none.db"), file("copy.db"), clock_);
  ASSERT_FALSE(backup);
  EXPECT_EQ(backup.error().code, ErrorCode::not_found);
  EXPECT_TRUE(names().empty());
}

TEST_F(BackupTest, WhatAnInterruptedOneLeftIsReplaced) {
  auto log = open(log_file());
  put(*log, 1);
  for (const auto* name : {"copy.db.partial", "copy.db.partial-wal", "copy.db.partial-journal-0"})
    std::filesystem::copy_file(log_file(), file(name));
  back_up_to("copy.db");
  expect_sound(file("copy.db"));
  for (const auto& name : names()) EXPECT_EQ(name.find("partial"), name.npos) << name;
}

TEST_F(BackupTest, RestoringBringsItBackUnderANewEpochAndKeepsWhatWasThere) {
  auto log = open(log_file());
  for (std::int64_t i = 1; i <= 10; ++i) put(*log, i);
  const auto epoch = log->epoch();
  back_up_to("copy.db");
  for (std::int64_t i = 11; i <= 20; ++i) put(*log, i);
  log.reset();
  const auto restored = restore(file("copy.db"), log_file(), clock_.wall());
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_NE(restored->epoch, epoch);
  expect_sound(log_file());
  log = open(log_file());
  EXPECT_EQ(log->epoch(), restored->epoch);
  EXPECT_EQ(values(*log), counted(10));
  EXPECT_GT(put(*log, 11), restored->head);
  log.reset();
  EXPECT_NE(restored->aside.string().find(".replaced-"), std::string::npos);
  EXPECT_EQ(values(*open(restored->aside)), counted(20));
  EXPECT_TRUE(asides(log_file()).empty()) << "nobody may take it for a damaged log";
}

TEST_F(BackupTest, NothingIsRestoredWhileAGatewayHasTheLog) {
  auto log = open(log_file());
  put(*log, 1);
  back_up_to("copy.db");
  const auto restored = restore(file("copy.db"), log_file(), clock_.wall());
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, ErrorCode::conflict);
  EXPECT_EQ(values(*log), counted(1));
}

TEST_F(BackupTest, ALogIsNoBackupOfItself) {
  put(*open(log_file()), 1);
  std::filesystem::create_directory(file("new"));
  const auto restored = restore(log_file(), file("new/weir.db"), clock_.wall());
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, ErrorCode::invalid);
}

TEST_F(BackupTest, RestoringWhereThereIsNoLogMakesOne) {
  put(*open(log_file()), 1);
  back_up_to("copy.db");
  std::filesystem::create_directory(file("new"));
  const auto restored = restore(file("copy.db"), file("new/weir.db"), clock_.wall());
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_TRUE(restored->aside.empty());
  EXPECT_EQ(values(*open(file("new/weir.db"))), counted(1));
}

}  // namespace
}  // namespace weir::gateway
