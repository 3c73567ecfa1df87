// A checkpoint that is cut short, and a WAL that is damaged then.
#include "log/checkpoints.h"

#include <gtest/gtest.h>

#include <fstream>

#include "faults/simulated_disk.h"
#include "log/vfs.h"
#include "support/temporary_folder.h"

namespace weir::faults {
namespace {

using gateway::Checkpoints;
using gateway::Database;

SimulatedDisk& the_disk() {
  static auto& disk = *new SimulatedDisk("checkpointed");
  return disk;
}

struct CheckpointsTest : testing::Test {
  CheckpointsTest() { disk.reset(folder.path()); }

  void open() {
    checkpoints.reset();
    database.reset();
    database = std::move(*Database::open(file, Database::Mode::create, gateway::register_vfs(disk.vfs())));
    ASSERT_TRUE(database->run("PRAGMA journal_mode = wal; PRAGMA synchronous = full"));
    checkpoints = std::move(*Checkpoints::open(*database, file, gateway::register_vfs(disk.vfs()), 1000));
  }
  /// Of pages that are written over: half old and half new the database is nothing that SQLite finds fault with.
  void cut_a_checkpoint_short() {
    open();
    ASSERT_TRUE(database->run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(database->run("INSERT INTO t VALUES (NULL, randomblob(4000))"));
    ASSERT_TRUE(checkpoints->run(Checkpoints::Then::empty));
    ASSERT_TRUE(database->run("UPDATE t SET body = randomblob(4000)"));
    disk.arm({.operation = Operation::write, .nth = 8, .for_good = true});
    ASSERT_FALSE(checkpoints->run(Checkpoints::Then::empty));
    ASSERT_TRUE(disk.struck());
    checkpoints.reset();
    database.reset();
    disk.disarm();
  }
  Result<void> check() const { return gateway::ready_wal(file, gateway::register_vfs(disk.vfs())); }
  std::int64_t rows() { return *database->number("SELECT COUNT(*) FROM t"); }

  tests::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "weir.db";
  const std::filesystem::path wal = folder.path() / "weir.db-wal";
  SimulatedDisk& disk = the_disk();
  std::optional<Database> database;
  std::unique_ptr<Checkpoints> checkpoints;
};

TEST_F(CheckpointsTest, AWalThatIsWholeCompletesIt) {
  cut_a_checkpoint_short();
  ASSERT_TRUE(check());
  open();
  EXPECT_EQ(rows(), 20);
  ASSERT_TRUE(checkpoints->run(Checkpoints::Then::empty));
  ASSERT_TRUE(check());
}

TEST_F(CheckpointsTest, AWalThatLacksFramesIsKnown) {
  cut_a_checkpoint_short();
  const auto whole = std::filesystem::file_size(wal);
  for (const auto bytes : {whole - 1, whole / 2, std::uintmax_t{1000}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(wal, bytes);
    const auto done = check();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::invalid);
  }
}

TEST_F(CheckpointsTest, AFlippedBitOfAnyFrameOrOfTheHeaderIsKnown) {
  cut_a_checkpoint_short();
  for (const std::streamoff place : {3, 17, 30, 40, 50, 1000, 30'000}) {
    std::fstream bytes(wal, std::ios::in | std::ios::out | std::ios::binary);
    const auto flip = [&] {
      bytes.seekg(place);
      const auto byte = static_cast<char>(bytes.get() ^ 4);
      bytes.seekp(place);
      bytes.put(byte).flush();
    };
    flip();
    EXPECT_FALSE(check()) << place;
    flip();
    EXPECT_TRUE(check());
  }
}

TEST_F(CheckpointsTest, FramesThatHaveMovedMustBeThereAsLongAsTheWalIs) {
  open();
  ASSERT_TRUE(database->run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(database->run("INSERT INTO t VALUES (NULL, randomblob(4000))"));
  ASSERT_TRUE(checkpoints->run(Checkpoints::Then::begin_anew));
  checkpoints.reset();
  database.reset();
  std::filesystem::resize_file(wal, std::filesystem::file_size(wal) / 2);
  EXPECT_FALSE(check());
  std::filesystem::resize_file(wal, 0);  // none at all is harmless: all of it is in the database
  ASSERT_TRUE(check());
  open();
  EXPECT_EQ(rows(), 20);
  ASSERT_TRUE(database->run("DELETE FROM t WHERE id = 1"));  // a WAL that is begun anew
  EXPECT_TRUE(check());
}

TEST_F(CheckpointsTest, ACommitThatFailedHasNoFrames) {
  open();
  ASSERT_TRUE(database->run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(database->run("INSERT INTO t VALUES (NULL, randomblob(4000))"));
  ASSERT_TRUE(checkpoints->run(Checkpoints::Then::begin_anew));
  disk.arm({.operation = Operation::write, .nth = 6, .for_good = true, .cause = Cause::enospc});  // some frames of a new WAL
  ASSERT_FALSE(database->run("UPDATE t SET body = randomblob(4000)"));
  disk.disarm();
  ASSERT_TRUE(checkpoints->run(Checkpoints::Then::begin_anew));
  checkpoints.reset();
  database.reset();
  EXPECT_TRUE(check());
  open();
  EXPECT_EQ(rows(), 20);
}

TEST_F(CheckpointsTest, TheyAreMadeByThemselvesAndTheWalIsBegunAnew) {
  open();
  ASSERT_TRUE(database->run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(database->run("INSERT INTO t VALUES (NULL, zeroblob(4000))"));
  EXPECT_LT(std::filesystem::file_size(wal), 1100U * (4096 + 24));
  EXPECT_GT(std::filesystem::file_size(file), 1900U * 4096);
}

/// A truncation that was not synced: some sectors are as they were, some are zeros. What is intact at its beginning is older than
/// the database.
TEST_F(CheckpointsTest, OfAnEmptiedWalNothingCountsWhateverIsLeftOfIt) {
  open();
  ASSERT_TRUE(database->run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB); INSERT INTO t VALUES (1, zeroblob(3000))"));
  ASSERT_TRUE(database->run("UPDATE t SET id = 2"));
  ASSERT_TRUE(database->run("UPDATE t SET id = 3"));
  const auto before = folder.path() / "wal-before";
  std::filesystem::copy_file(wal, before);
  ASSERT_TRUE(checkpoints->run(Checkpoints::Then::empty));
  ASSERT_EQ(std::filesystem::file_size(wal), 0U);
  checkpoints.reset();
  database.reset();
  std::filesystem::remove(folder.path() / "weir.db-shm");
  for (const auto zeros_from : {std::uintmax_t{100'000}, 3 * (4096 + 24) + std::uintmax_t{32}, std::uintmax_t{16}}) {
    std::filesystem::copy_file(before, wal, std::filesystem::copy_options::overwrite_existing);
    const auto size = std::filesystem::file_size(wal);
    std::filesystem::resize_file(wal, std::min(size, zeros_from));
    std::filesystem::resize_file(wal, size);
    ASSERT_TRUE(check());
    open();
    EXPECT_EQ(*database->number("SELECT id FROM t"), 3) << zeros_from;
    checkpoints.reset();
    database.reset();
  }
}

TEST_F(CheckpointsTest, WhatIsCommittedAfterTheWalCouldNotBeEmptiedCounts) {
  open();
  ASSERT_TRUE(database->run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
  auto reader = *Database::open(file, Database::Mode::read_only, gateway::register_vfs(disk.vfs()));
  ASSERT_TRUE(reader.run("BEGIN"));
  ASSERT_EQ(*reader.number("SELECT COUNT(*) FROM t"), 0);
  ASSERT_TRUE(checkpoints->run(Checkpoints::Then::empty));
  {
    auto transaction = gateway::Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->run("INSERT INTO t VALUES (1, zeroblob(10))"));
    ASSERT_TRUE(transaction->commit());
  }
  reader = *Database::open(file, Database::Mode::read_only, gateway::register_vfs(disk.vfs()));
  checkpoints.reset();
  database.reset();
  ASSERT_TRUE(check());
  open();
  EXPECT_EQ(rows(), 1);
}

/// SQLite goes on with the salts of a header that it does not believe: the note would be of another WAL with the same salts.
TEST_F(CheckpointsTest, AHeaderThatWasTornWhenTheWalWasBegunAnewDoesNotGiveItsSaltsToTheNext) {
  open();
  ASSERT_TRUE(database->run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(database->run("INSERT INTO t VALUES (NULL, randomblob(4000))"));
  ASSERT_TRUE(checkpoints->run(Checkpoints::Then::begin_anew));
  checkpoints.reset();
  database.reset();
  {
    std::fstream bytes(wal, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(12).put('\1');  // of the counter of checkpoints, and the salts are the old ones
  }
  ASSERT_TRUE(check());
  open();
  ASSERT_TRUE(database->run("DELETE FROM t WHERE id = 1"));
  checkpoints.reset();
  database.reset();
  ASSERT_TRUE(check());
  open();
  EXPECT_EQ(rows(), 19);
}

TEST_F(CheckpointsTest, ADamagedNoteIsNone) {
  cut_a_checkpoint_short();
  std::ofstream(gateway::checkpoint_note(file), std::ios::in | std::ios::out) << 'x';
  EXPECT_TRUE(check());
}

}  // namespace
}  // namespace weir::faults
