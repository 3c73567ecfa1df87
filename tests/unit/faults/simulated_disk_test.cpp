#include "faults/simulated_disk.h"

#include <gtest/gtest.h>

#include "faults/power_cut.h"
#include "log/database.h"
#include "log/file.h"
#include "log/vfs.h"
#include "support/temporary_folder.h"

namespace weir::faults {
namespace {

using gateway::Database;
using gateway::File;

SimulatedDisk& the_disk() {
  static auto& disk = *new SimulatedDisk("simulated");
  return disk;
}

struct Disk : testing::Test {
  Disk() { disk.reset(folder.path(), true); }
  File file(const char* name = "journal") {
    auto opened = File::open(folder.path() / name, disk.vfs());
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }

  tests::TemporaryFolder folder;
  SimulatedDisk& disk = the_disk();
};

TEST_F(Disk, TheTraceMakesTheFilesAgain) {
  {
    auto database = *Database::open(folder.path() / "weir.db", Database::Mode::create, gateway::register_vfs(disk.vfs()));
    ASSERT_TRUE(database.run("PRAGMA journal_mode = wal; CREATE TABLE t (body BLOB)"));
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(database.run("INSERT INTO t VALUES (randomblob(3000))"));
    ASSERT_TRUE(database.run("PRAGMA wal_checkpoint(truncate); DELETE FROM t; VACUUM"));
  }
  auto journal = file();
  ASSERT_TRUE(journal.write(5000, "abc"));
  ASSERT_TRUE(journal.truncate(5001));
  ASSERT_TRUE(journal.sync());
  const auto trace = disk.take_trace();
  PowerCut cut(trace, {});
  cut.advance_to(trace.steps.size());
  auto image = cut.all_lost();
  image.erase("weir.db-wal");  // removed when it was closed, which nobody synced
  EXPECT_EQ(image, read_folder(folder.path()));
}

TEST_F(Disk, AfterACutAtAnyStepSqliteHasAllThatItSynced) {
  constexpr int rows = 12;
  const auto vfs = gateway::register_vfs(disk.vfs());
  {
    auto database = *Database::open(folder.path() / "weir.db", Database::Mode::create, vfs);
    ASSERT_TRUE(
        database.run("PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA wal_autocheckpoint = 6;"
                     "CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
    for (int i = 1; i <= rows; ++i) {
      ASSERT_TRUE(database.run("INSERT INTO t VALUES (" + std::to_string(i) + ", randomblob(4000))"));
      disk.mark(static_cast<std::uint64_t>(i));
    }
  }
  const auto trace = disk.take_trace();
  PowerCut cut(trace, {});
  tests::TemporaryFolder after;
  std::uint64_t committed = 0;
  bool made = false;
  for (std::size_t step = 0; step <= trace.steps.size(); ++step) {
    cut.advance_to(step);
    if (step > 0 && trace.steps[step - 1].operation == Operation::mark) committed = trace.steps[step - 1].offset, made = true;
    Random random(step);
    write_folder(cut.cut(random), after.path());
    auto database = *Database::open(after.path() / "weir.db", Database::Mode::create, gateway::register_vfs());
    const auto count = database.number("SELECT count(*) FROM t");
    if (!made) continue;  // the table may not be there
    ASSERT_TRUE(count) << "step " << step << ": " << count.error().message;
    EXPECT_GE(static_cast<std::uint64_t>(*count), committed) << "step " << step;
    EXPECT_EQ(*database.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
  }
  EXPECT_EQ(committed, static_cast<std::uint64_t>(rows));
}

TEST_F(Disk, TheNthOperationFailsOnce) {
  auto journal = file();
  disk.arm({.operation = Operation::write, .nth = 2});
  EXPECT_TRUE(journal.write(0, "one"));
  EXPECT_FALSE(disk.struck());
  const auto failed = journal.write(0, "two");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::io);
  EXPECT_TRUE(disk.struck());
  EXPECT_TRUE(journal.write(0, "three"));
  EXPECT_TRUE(journal.sync()) << "only writes fail";
}

TEST_F(Disk, OrAllFromTheNthOn) {
  auto journal = file();
  disk.arm({.operation = Operation::sync, .nth = 2, .for_good = true});
  EXPECT_TRUE(journal.sync());
  EXPECT_FALSE(journal.sync());
  EXPECT_FALSE(journal.sync());
  disk.disarm();
  EXPECT_TRUE(journal.sync());
}

TEST_F(Disk, EveryOperationFailsWithItsCause) {
  auto journal = file();
  ASSERT_TRUE(journal.write(0, "some"));
  for (const auto cause : {Cause::eio, Cause::enospc, Cause::erofs}) {
    disk.arm({.operation = Operation::write, .cause = cause});
    EXPECT_EQ(journal.write(0, "x").error().code, cause == Cause::enospc ? ErrorCode::full : ErrorCode::io);
    disk.arm({.operation = Operation::read, .cause = cause});
    EXPECT_FALSE(journal.read(0, 4));
    disk.arm({.operation = Operation::truncate, .cause = cause});
    EXPECT_FALSE(journal.truncate(1));
    disk.arm({.operation = Operation::open, .cause = cause});
    EXPECT_FALSE(File::open(folder.path() / "journal", disk.vfs()));
  }
}

TEST_F(Disk, AWriteThatFailsMayHaveWrittenAPart) {
  auto journal = file();
  ASSERT_TRUE(journal.write(0, "aaaa"));
  disk.arm({.operation = Operation::write});
  EXPECT_FALSE(journal.write(0, "bbbb"));
  disk.disarm();
  EXPECT_EQ(*journal.read(0, 4), "bbaa");
}

TEST_F(Disk, AFullDiskTakesNothingMoreUntilThereIsRoom) {
  disk.set_capacity(10'000);
  auto one = file("one"), two = file("two");
  ASSERT_TRUE(one.write(0, std::string(6'000, 'x')));
  EXPECT_EQ(two.write(0, std::string(6'000, 'x')).error().code, ErrorCode::full);
  EXPECT_TRUE(one.write(0, std::string(6'000, 'y'))) << "over what is there";
  ASSERT_TRUE(one.truncate(1'000));
  EXPECT_TRUE(two.write(0, std::string(6'000, 'x')));
}

}  // namespace
}  // namespace weir::faults
