#include "log/journal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "log/entry.h"
#include "log/vfs.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

const Timestamp now = from_nanoseconds(1'700'000'000'000'000'000);

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Journal> open(std::uint64_t folded = 0, std::uint32_t epoch = 7) {
    auto journal = Journal::open(
        {.database = folder_.path() / "weir.db", .vfs = register_vfs(), .epoch = epoch, .folded = folded, .capacity = 16'384});
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }

  static std::string payload(std::uint64_t first_seq, std::uint64_t records, std::string_view text) {
    std::string bytes;
    encode_entry_head(bytes, {.first_seq = first_seq, .record_count = records});
    return bytes += text;
  }

  /// The numbers that a part's entries begin with.
  static std::vector<std::uint64_t> numbers(const JournalPartPtr& part) {
    std::vector<std::uint64_t> found;
    JournalReader reader(part, part->begin_place());
    for (auto read = reader.next(); read && !read->empty(); read = reader.next())
      found.push_back(range_of_entry(*read).first_seq);
    return found;
  }

  void damage(unsigned slot, std::streamoff at) {
    std::fstream file(journal_file(folder_.path() / "weir.db", slot), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const auto byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(at);
    file.put(byte);
  }

  tests::TemporaryFolder folder_;
};

TEST_F(JournalTest, EntriesAreFoundAgainInOrder) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->roll(1, now));
    ASSERT_TRUE(journal->append(payload(1, 3, "abc"), 3));
    ASSERT_TRUE(journal->append(payload(4, 1, "d"), 1));
  }
  auto journal = open();
  ASSERT_EQ(journal->parts().size(), 1U);
  const auto part = journal->parts().front();
  EXPECT_EQ(part->name().first_seq, 1U);
  EXPECT_EQ(part->begun(), now);
  EXPECT_EQ(part->last_seq(), 4U);
  EXPECT_EQ(numbers(part), (std::vector<std::uint64_t>{1, 4}));
  EXPECT_EQ(journal->oldest_sealed(), part);
}

TEST_F(JournalTest, WhatIsSyncedIsNeverWrittenAgain) {
  auto journal = open();
  ASSERT_TRUE(journal->roll(1, now));
  ASSERT_TRUE(journal->append(payload(1, 1, "a"), 1));
  for (const auto& part : journal->take_unsynced()) ASSERT_TRUE(part->sync());
  const auto before = journal->active()->bytes();
  ASSERT_TRUE(journal->append(payload(2, 1, "b"), 1));
  EXPECT_GT(journal->active()->bytes(), (before / journal_sector_bytes + 1) * journal_sector_bytes);
  EXPECT_EQ(numbers(journal->parts().front()), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(JournalTest, ATornEndIsNoDamage) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->roll(1, now));
    ASSERT_TRUE(journal->append(payload(1, 1, "first"), 1));
    ASSERT_TRUE(journal->append(payload(2, 1, "second"), 1));
  }
  std::filesystem::resize_file(journal_file(folder_.path() / "weir.db", 0), journal_sector_bytes + 28);
  auto journal = open();
  ASSERT_EQ(journal->parts().size(), 1U);
  EXPECT_EQ(journal->parts().front()->last_seq(), 1U);
  EXPECT_EQ(journal->parts().front()->damaged_records(), 0U);
}

TEST_F(JournalTest, ADamagedEntryCostsItselfAndIsCounted) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->roll(1, now));
    for (std::uint64_t seq = 1; seq <= 5; ++seq) {
      ASSERT_TRUE(journal->append(payload(seq, 1, "entry"), 1));
      for (const auto& part : journal->take_unsynced()) ASSERT_TRUE(part->sync());  // each begins a sector
    }
  }
  damage(0, static_cast<std::streamoff>(3 * journal_sector_bytes + 19));
  auto journal = open();
  EXPECT_EQ(numbers(journal->parts().front()), (std::vector<std::uint64_t>{1, 2, 4, 5}));
  EXPECT_EQ(journal->parts().front()->damaged_records(), 1U);
  EXPECT_EQ(journal->parts().front()->last_seq(), 5U);
}

TEST_F(JournalTest, AnEntryThatWasNotSyncedTakesThoseBehindItWithIt) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->roll(1, now));
    ASSERT_TRUE(journal->append(payload(1, 1, "synced"), 1));
    for (const auto& part : journal->take_unsynced()) ASSERT_TRUE(part->sync());
    ASSERT_TRUE(journal->append(payload(2, 2, "torn"), 2));
    (void)journal->take_unsynced();  // the power goes during the sync
    ASSERT_TRUE(journal->append(payload(4, 3, "on the disk by chance"), 3));
  }
  damage(0, static_cast<std::streamoff>(2 * journal_sector_bytes + 19));
  for (const bool cut : {false, true}) {  // looking at it changes nothing; then it is gone for good
    auto journal = open();
    const auto part = journal->parts().front();
    EXPECT_EQ(numbers(part), (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(part->last_seq(), 1U);
    EXPECT_TRUE(part->torn());
    EXPECT_EQ(part->damaged_records(), 5U) << "they are told of";
    if (cut) {
      ASSERT_TRUE(journal->cut_torn());
    }
  }
  EXPECT_FALSE(open()->parts().front()->torn());
}

TEST_F(JournalTest, AfterADamagedEntryTheNextIsFoundAtAnyByte) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->roll(1, now));
    for (std::uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(journal->append(payload(seq, 1, "entry"), 1));
    for (const auto& part : journal->take_unsynced()) ASSERT_TRUE(part->sync());
    ASSERT_TRUE(journal->append(payload(4, 1, "entry"), 1));
  }
  damage(0, static_cast<std::streamoff>(journal_sector_bytes));  // the size of the first
  auto journal = open();
  EXPECT_EQ(numbers(journal->parts().front()), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(journal->parts().front()->damaged_records(), 1U);
}

TEST_F(JournalTest, AFileThatIsUsedAgainShowsNothingOfBefore) {
  auto journal = open();
  ASSERT_TRUE(journal->roll(1, now));
  for (std::uint64_t seq = 1; seq <= 20; ++seq) ASSERT_TRUE(journal->append(payload(seq, 1, "an older entry"), 1));
  const auto old = journal->parts().front();
  ASSERT_TRUE(journal->roll(21, now));
  journal->release(old);
  ASSERT_TRUE(journal->roll(21, now));
  ASSERT_EQ(journal->active()->slot(), old->slot());
  ASSERT_TRUE(journal->append(payload(21, 1, "new"), 1));
  EXPECT_EQ(numbers(journal->parts().back()), (std::vector<std::uint64_t>{21}));

  // A reader that holds the old part is told.
  JournalReader reader(old, old->begin_place());
  const auto read = reader.next();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::not_found);

  journal.reset();
  journal = open(1);
  for (const auto& part : journal->parts()) EXPECT_EQ(part->name().first_seq, 21U);
}

TEST_F(JournalTest, PartsThatAreFoldedOrOfAnotherEpochAreNotThere) {
  open()->roll(1, now).ok();
  EXPECT_EQ(open(0)->parts().size(), 1U);
  EXPECT_TRUE(open(1)->parts().empty());
  EXPECT_TRUE(open(0, 8)->parts().empty());
}

TEST_F(JournalTest, WithoutAFreeFileThereIsNoFurtherPart) {
  auto journal = open();
  for (unsigned i = 0; i < journal_slots; ++i) ASSERT_TRUE(journal->roll(1, now));
  EXPECT_FALSE(journal->slot_free());
  const auto refused = journal->roll(1, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::full);
  journal->release(journal->oldest_sealed());
  EXPECT_TRUE(journal->roll(1, now));
}

TEST_F(JournalTest, AnEntryLargerThanAPartIsTaken) {
  auto journal = open();
  ASSERT_TRUE(journal->roll(1, now));
  const std::string large(300'000, 'x');
  ASSERT_TRUE(journal->append(payload(1, 1, large), 1));
  EXPECT_TRUE(journal->full());
  JournalReader reader(journal->parts().front(), journal->parts().front()->begin_place());
  const auto read = reader.next();
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->ends_with(large));
}

TEST(Entry, ComesBackAsItWas) {
  Entry entry{.first_seq = 12, .record_count = 3, .first_series = 4, .first_unit = 2};
  entry.series = {{"boiler", "temperature"}, {"boiler", ""}};
  entry.units = {"Cel"};
  entry.marks = {{"boiler", 0xFFFF'FFFF, 7}};
  entry.consumers = {{"cloud", 5, false}, {"gone", 0, true}};
  entry.pushes = {{"key", 9, 2, now}};
  CommandStatus command{.id = "1", .device = "boiler", .name = "set", .args_json = "{}", .state = CommandState::failed};
  command.error = "no";
  command.deadline = now;
  entry.commands = {command};
  std::string payload;
  encode_entry_head(payload, entry);
  payload += "records";
  const auto back = decode_entry(payload);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->first_seq, 12U);
  EXPECT_EQ(back->record_count, 3U);
  EXPECT_EQ(back->first_series, 4U);
  EXPECT_EQ(back->series, entry.series);
  EXPECT_EQ(back->units, entry.units);
  EXPECT_EQ(back->marks.at(0).boot, 0xFFFF'FFFFU);
  EXPECT_TRUE(back->consumers.at(1).forget);
  EXPECT_EQ(back->pushes.at(0).received, now);
  EXPECT_EQ(back->commands.at(0).error, "no");
  EXPECT_EQ(back->commands.at(0).state, CommandState::failed);
  EXPECT_EQ(back->commands.at(0).deadline, now);
  EXPECT_EQ(back->records, "records");
}

TEST(Entry, CutShortItIsRefused) {
  Entry entry{.first_seq = 1, .record_count = 1, .series = {{"boiler", "temperature"}}};
  std::string payload;
  encode_entry_head(payload, entry);
  for (std::size_t size = 0; size < payload.size(); ++size) EXPECT_FALSE(decode_entry(payload.substr(0, size))) << size;
}

}  // namespace
}  // namespace weir::gateway
