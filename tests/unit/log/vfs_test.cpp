#include "log/vfs.h"

#include <gtest/gtest.h>

#include <fstream>

#include "log/database.h"
#include "log/file.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

struct Vfs : testing::Test {
  Database open() {
    auto database = Database::open(path, Database::Mode::create, vfs);
    EXPECT_TRUE(database);
    return std::move(*database);
  }

  /// A database of some pages, closed: all of it lies in the main file.
  void fill(std::string_view journal_mode = "wal") {
    auto database = open();
    ASSERT_TRUE(database.run("PRAGMA page_size = 4096; PRAGMA journal_mode = " + std::string(journal_mode)));
    ASSERT_TRUE(database.run("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"));
    ASSERT_TRUE(
        database.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80) "
                     "INSERT INTO t SELECT i, zeroblob(100 + i * 40) FROM n"));
  }

  /// Reads every byte of every body.
  Result<std::int64_t> sum() { return open().number("SELECT sum(length(hex(body))) / 2 FROM t"); }

  void flip(std::uint64_t byte, unsigned bit) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(byte));
    const auto flipped = static_cast<char>(static_cast<unsigned>(file.get()) ^ (1U << bit));
    file.seekp(static_cast<std::streamoff>(byte));
    file.put(flipped);
  }

  char byte(std::uint64_t offset) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    return static_cast<char>(file.get());
  }

  std::uint64_t written() const { return disk_counters(vfs).written_bytes; }

  tests::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "weir.db";
  std::string vfs = register_vfs();
};

TEST_F(Vfs, ANewDatabaseHasChecksumsOnItsPages) {
  fill();
  EXPECT_EQ(byte(20), 8);
  ASSERT_TRUE(sum());
  EXPECT_EQ(*sum(), 80 * 100 + 40 * 80 * 81 / 2);
  EXPECT_EQ(*open().number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

TEST_F(Vfs, EveryPageIsVerified) {
  for (const auto* mode : {"wal", "delete"}) {
    std::filesystem::remove(path);
    fill(mode);
    const auto size = std::filesystem::file_size(path);
    ASSERT_GT(size, 20 * 4096U);
    for (std::uint64_t page = 0; page < size / 4096; ++page) {
      // Past the header of the file, of which SQLite itself refuses what is wrong; the last bytes are the checksum's own.
      const auto place = page * 4096 + (page * 997 % 3900) + 108;
      flip(place, page % 8);
      const auto answer = sum();
      ASSERT_FALSE(answer) << mode << ", page " << page;
      EXPECT_EQ(answer.error().code, ErrorCode::invalid) << answer.error().message;
      flip(place, page % 8);
    }
    EXPECT_TRUE(sum());
  }
}

TEST_F(Vfs, NoBitOfTheHeaderTurnsTheChecksumsOff) {
  fill();
  for (std::uint64_t place = 0; place < 100; ++place) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      flip(place, bit);
      const auto answer = sum();
      ASSERT_FALSE(answer) << "byte " << place << " bit " << bit;
      EXPECT_EQ(answer.error().code, ErrorCode::invalid) << answer.error().message;
      flip(place, bit);
    }
  }
}

TEST_F(Vfs, APageInTheWrongPlaceIsDamage) {
  fill();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string page(4096, '\0');
  file.seekg(20 * 4096);
  file.read(page.data(), 4096);
  file.seekp(30 * 4096);
  file.write(page.data(), 4096);
  file.close();
  EXPECT_FALSE(sum());
}

TEST_F(Vfs, AFileFromBeforeTheChecksumsIsReadAndWrittenAsItIs) {
  {
    auto old = *Database::open(path, Database::Mode::create);
    ASSERT_TRUE(old.run("PRAGMA journal_mode = wal; CREATE TABLE t (body BLOB); INSERT INTO t VALUES (zeroblob(20000))"));
  }
  auto database = open();
  ASSERT_TRUE(database.run("INSERT INTO t VALUES (zeroblob(30000))"));
  EXPECT_EQ(*sum(), 50'000);
  EXPECT_EQ(byte(20), 0);
}

TEST_F(Vfs, AnotherPageSizeIsPassedThrough) {
  {
    auto database = open();
    ASSERT_TRUE(database.run("PRAGMA page_size = 8192; CREATE TABLE t (body BLOB); INSERT INTO t VALUES (zeroblob(20000))"));
  }
  EXPECT_EQ(*sum(), 20'000);
}

TEST_F(Vfs, SyncsOfTheWalGoThroughIt) {
  auto database = open();
  ASSERT_TRUE(database.run("PRAGMA journal_mode = wal; PRAGMA synchronous = full; CREATE TABLE t (body BLOB)"));
  const auto before = disk_counters(vfs).syncs.load();
  ASSERT_TRUE(database.run("INSERT INTO t VALUES (1)"));
  EXPECT_EQ(disk_counters(vfs).syncs, before + 1);
}

TEST_F(Vfs, ABlockIsCountedOnceForEachSyncInWhichItIsDirty) {
  const auto before = written();
  {
    auto file = *File::open(folder.path() / "journal", vfs);
    for (std::uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(file.write(i * 60, std::string(60, 'x')));
    EXPECT_EQ(written(), before);
    ASSERT_TRUE(file.sync());
    EXPECT_EQ(written(), before + 2 * 4096) << "6,000 bytes are two blocks, however many writes";
    ASSERT_TRUE(file.sync());
    EXPECT_EQ(written(), before + 2 * 4096) << "nothing was dirty";
    ASSERT_TRUE(file.write(4095, "ab"));
  }
  EXPECT_EQ(written(), before + 4 * 4096) << "closing gives the rest to the system, which writes it some time";
}

TEST_F(Vfs, EachVfsBelowHasOneShimAndItsOwnCounters) {
  EXPECT_EQ(register_vfs(), vfs);
  const auto other = register_vfs("unix-none");
  EXPECT_EQ(other, "weir-unix-none");
  const auto before = disk_counters(other).syncs.load();
  auto file = *File::open(folder.path() / "journal", vfs);
  ASSERT_TRUE(file.sync());
  EXPECT_EQ(disk_counters(other).syncs, before);
}

}  // namespace
}  // namespace weir::gateway
