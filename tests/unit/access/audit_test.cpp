#include "access/audit.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <iterator>
#include <random>
#include <thread>

#include "access/audit_file.h"
#include "access/audit_row.h"
#include "base/text.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

class AuditTest : public testing::Test {
 protected:
  std::unique_ptr<Audit> open(AuditOptions options = {}) {
    return std::move(Audit::open(folder_.path(), clock_, std::move(options))).value();
  }

  static AuditEntry entry(int i) {
    return {"token:cloud", "192.0.2.7", "command.sent", "boiler-" + std::to_string(i), "off", "on", "done"};
  }

  void add(int count, AuditOptions options = {}) {
    const auto audit = open(std::move(options));
    for (int i = 0; i < count; ++i) ASSERT_TRUE(audit->append_and_wait(entry(i)));
  }

  AuditVerified verify() { return verify_audit(folder_.path()).value(); }
  std::filesystem::path file(std::uint64_t first = 1) { return audit_segment(audit_folder(folder_.path()), first); }
  std::filesystem::path head() { return audit_folder(folder_.path()) / "head.json"; }

  tests::TemporaryFolder folder_;
  ManualClock clock_;
};

TEST_F(AuditTest, ARowIsOnDiskWhenDoneIsCalled) {
  const auto audit = open();
  std::promise<std::string> seen;
  audit->append(entry(1), [&](const Result<void>& result) {
    ASSERT_TRUE(result);
    seen.set_value(contents(file()));
  });
  const std::string text = seen.get_future().get();
  EXPECT_NE(text.find(R"("who":"token:cloud","from":"192.0.2.7","action":"command.sent","target":"boiler-1",)"
                      R"("before":"off","after":"on","result":"done","prev":"0000)"),
            text.npos)
      << text;
}

TEST_F(AuditTest, FilesAreOfTheOwnerAlone) {
  add(1);
  for (const auto& path : {file(), head()}) {
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << path;
  }
  struct stat status {};
  ASSERT_EQ(::stat(file().parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(AuditTest, RowsKeepTheirOrderWhenTheWallClockJumpsBack) {
  const auto audit = open();
  ASSERT_TRUE(audit->append_and_wait(entry(1)));
  clock_.step_wall(-std::chrono::hours(24));
  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(audit->append_and_wait(entry(2)));
  const auto page = read_audit(folder_.path(), {.newest_first = false}).value();
  ASSERT_EQ(page.rows.size(), 2U);
  const auto monotonic = [](const std::string& row) { return std::stoll(row.substr(row.find("\"monotonic\":") + 12)); };
  EXPECT_EQ(monotonic(page.rows[1]) - monotonic(page.rows[0]), 1'000'000'000);
  EXPECT_TRUE(verify().fault.empty());
}

TEST_F(AuditTest, TheChainGoesOnAfterARestart) {
  add(3);
  add(2);
  EXPECT_EQ(verify().last, 5U);
  EXPECT_EQ(verify().fault, "");
}

TEST_F(AuditTest, ProcessesShareOneChain) {
  const auto one = open(), two = open();
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(two->append_and_wait(entry(i)));
  });
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(one->append_and_wait(entry(i)));
  other.join();
  EXPECT_EQ(verify().rows, 100U);
  EXPECT_EQ(verify().fault, "");
}

TEST_F(AuditTest, NoInputForgesARow) {
  const auto audit = open();
  AuditEntry forged = entry(1);
  forged.target = "x\"\n{\"seq\":2,\"who\":\"root\"}\n\xff";
  forged.before = std::string(1'000'000, 'x');
  ASSERT_TRUE(audit->append_and_wait(forged));
  ASSERT_TRUE(audit->append_and_wait(entry(2)));
  EXPECT_EQ(verify().rows, 2U);
  EXPECT_EQ(verify().fault, "");
  EXPECT_LT(std::filesystem::file_size(file()), 10'000U);
}

TEST_F(AuditTest, AFullQueueRefusesTheActionAndCountsNotes) {
  const auto audit = open();
  std::promise<void> go_on, held;
  audit->append(entry(0), [&](const Result<void>&) {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  for (std::size_t i = 0; i < audit_limits::queue_max; ++i) audit->note(entry(1));
  audit->note(entry(2));
  ErrorCode code = ErrorCode::io;
  audit->append(entry(3), [&](const Result<void>& result) { code = result.error().code; });
  EXPECT_EQ(code, ErrorCode::full);
  EXPECT_EQ(audit->stats().refused, 1U);
  EXPECT_EQ(audit->stats().lost, 1U);
  go_on.set_value();
  while (!audit->append_and_wait(entry(4))) std::this_thread::yield();
  EXPECT_EQ(read_audit(folder_.path(), {.action = "audit.lost"}).value().rows.size(), 1U);
}

TEST_F(AuditTest, WhenTheDiskRefusesNothingIsKeptAndTheNextRowFits) {
  const auto audit = open();
  ASSERT_TRUE(audit->append_and_wait(entry(1)));
  const std::string before = contents(file());
  const auto in_the_way = head().string() + ".new";
  std::filesystem::create_directories(in_the_way);
  EXPECT_FALSE(audit->append_and_wait(entry(2)));
  EXPECT_EQ(contents(file()), before);
  std::filesystem::remove(in_the_way);
  EXPECT_TRUE(audit->append_and_wait(entry(3)));
  EXPECT_EQ(verify().rows, 2U);
  EXPECT_EQ(verify().fault, "");
  EXPECT_EQ(audit->stats().refused, 1U);
}

TEST_F(AuditTest, ATornLastRowIsMendedAndIsNoTampering) {
  add(3);
  std::ofstream(file(), std::ios::app) << R"({"seq":4,"time":"20)";
  EXPECT_EQ(verify().fault, "");
  EXPECT_NE(verify().remark, "");
  const auto audit = open();
  EXPECT_EQ(audit->stats().mended, 1U);
  ASSERT_TRUE(audit->append_and_wait(entry(4)));
  EXPECT_EQ(verify().fault, "");
  EXPECT_EQ(verify().remark, "");
  EXPECT_EQ(read_audit(folder_.path(), {.action = "audit.mended"}).value().rows.size(), 1U);
}

TEST_F(AuditTest, AHeadThatWasNotNotedBeforeACrashIsCaughtUp) {
  add(2);
  const std::string before = contents(head());
  add(2);
  put(head(), before);
  EXPECT_EQ(verify().fault, "");
  add(1);
  EXPECT_EQ(verify().last, 5U);
  EXPECT_EQ(verify().fault, "");
}

TEST_F(AuditTest, RowsCutOffAtTheEndAreFound) {
  add(5);
  const std::string text = contents(file());
  put(file(), std::string_view(text).substr(0, text.rfind("{\"seq\":4,")));
  EXPECT_EQ(verify().fault, "rows 4 to 5 were cut off at the end");
  add(1);
  EXPECT_NE(verify().fault, "") << "a new row must not hide it";
}

TEST_F(AuditTest, TheLastRowsCannotGoTogetherWithTheHead) {
  add(5);
  const std::string text = contents(file());
  put(file(), std::string_view(text).substr(0, text.rfind("{\"seq\":4,")));
  std::filesystem::remove(head());
  EXPECT_NE(verify().fault, "");
  add(1);
  EXPECT_NE(verify().fault, "") << "a new row must not hide it";
}

TEST_F(AuditTest, OldSegmentsGoAndTheirLastHashIsTheAnchor) {
  add(100, {.size_max = 8000, .segment_max = 2000});
  const auto verified = verify();
  EXPECT_EQ(verified.fault, "");
  EXPECT_GT(verified.first, 1U);
  std::uint64_t bytes = 0;
  for (const auto& item : std::filesystem::directory_iterator(file().parent_path())) bytes += item.file_size();
  EXPECT_LT(bytes, 12'000U);
  EXPECT_FALSE(read_audit(folder_.path(), {.action = "audit.drop"}).value().rows.empty());
}

TEST_F(AuditTest, AMissingSegmentIsFound) {
  add(60, {.segment_max = 2000});
  const auto segments = audit_segments(audit_folder(folder_.path()));
  ASSERT_GT(segments.size(), 4U);
  for (const std::size_t i : {std::size_t{0}, segments.size() / 2, segments.size() - 1}) {
    const std::string text = contents(file(segments[i]));
    std::filesystem::remove(file(segments[i]));
    EXPECT_NE(verify().fault, "") << i;
    put(file(segments[i]), text);
    EXPECT_EQ(verify().fault, "");
  }
}

TEST_F(AuditTest, TheFirstBadRowIsNamed) {
  add(5);
  const std::string good = contents(file());
  auto lines = split(std::string_view(good).substr(0, good.size() - 1), '\n');
  const auto joined = [](const std::vector<std::string_view>& rows) {
    std::string text;
    for (const auto row : rows) text.append(row).append("\n");
    return text;
  };
  const auto fault = [&](const std::string& text) {
    put(file(), text);
    return verify().fault;
  };
  const std::string in = file().filename().string() + ": ";
  std::string changed = good;
  changed.replace(changed.find("boiler-2"), 8, "boiler-9");
  EXPECT_EQ(fault(changed), in + "row 3 was changed");
  EXPECT_EQ(fault(joined({lines[0], lines[1], lines[3], lines[4]})), in + "row 3 was removed");
  EXPECT_EQ(fault(joined({lines[0], lines[3], lines[4]})), in + "rows 2 to 3 were removed");
  EXPECT_EQ(fault(joined({lines[0], lines[2], lines[1], lines[3], lines[4]})), in + "row 2 was moved behind row 3");
  EXPECT_EQ(fault(joined({lines[0], lines[1], "{}", lines[2], lines[3], lines[4]})), in + "a row was inserted before row 3");
  EXPECT_EQ(fault(joined({lines[0], lines[1], lines[0], lines[2], lines[3], lines[4]})), in + "a row was inserted before row 3");
  EXPECT_EQ(fault(good), "");
}

/// Property: whatever is done to the bytes of rows or head, verify finds it.
TEST_F(AuditTest, AnyTamperingIsFound) {
  add(40, {.segment_max = 4000});
  const auto segments = audit_segments(audit_folder(folder_.path()));
  std::mt19937 random(20261121);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 1000; ++round) {
    const auto path = below(8) == 0 ? head() : file(segments[below(segments.size())]);
    const std::string good = contents(path);
    std::string bad = good;
    const auto lines = split(std::string_view(good).substr(0, good.size() - 1), '\n');
    const std::size_t at = below(bad.size()), row = below(lines.size()), other = below(lines.size());
    std::vector<std::string> rows(lines.begin(), lines.end());
    switch (below(7)) {
      case 0: bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1U << below(8))); break;
      case 1: bad.erase(at, 1 + below(20)); break;
      case 2: bad.insert(at, 1, static_cast<char>(' ' + below(90))); break;
      case 3: rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(row)); break;
      case 4: std::swap(rows[row], rows[other]); break;
      case 5: rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(row), rows[other]); break;
      default: bad.resize(at);
    }
    if (bad == good) {
      bad.clear();
      for (const auto& line : rows) bad.append(line).append("\n");
    }
    if (bad == good) continue;
    put(path, bad);
    const auto verified = verify();
    ASSERT_TRUE(!verified.fault.empty() || !verified.remark.empty()) << "round " << round << " of " << path;
    put(path, good);
  }
  EXPECT_EQ(verify().fault, "");
}

TEST_F(AuditTest, KilledWhileAppendingTheChainVerifiesAndNoRowThatWasDoneIsMissing) {
  std::mt19937 random(7);
  std::uint64_t done_rows = 0;
  for (int round = 0; round < 12; ++round) {
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto audit = Audit::open(folder_.path(), clock_, {.size_max = 1 << 20, .segment_max = 3000});
      for (int i = 0; audit; ++i) {
        if (!(*audit)->append_and_wait(entry(i)) || write(pipes[1], "r", 1) != 1) _exit(1);
      }
      _exit(1);
    }
    close(pipes[1]);
    char byte = 0;
    const auto kill_after = std::uniform_int_distribution<int>(1, 60)(random);
    for (int i = 0; i < kill_after; ++i) ASSERT_EQ(read(pipes[0], &byte, 1), 1);
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    done_rows += static_cast<std::uint64_t>(kill_after);
    while (read(pipes[0], &byte, 1) == 1) ++done_rows;
    close(pipes[0]);
    EXPECT_EQ(verify().fault, "");
    EXPECT_GE(verify().rows, done_rows);
  }
}

/// Whoever knows how rows are made can make them: what binds them to others then tells.
class ForgerTest : public AuditTest {
 protected:
  void SetUp() override {
    add(5);
    const std::string text = contents(file());
    for (const auto line : split(std::string_view(text).substr(0, text.size() - 1), '\n')) lines_.emplace_back(line);
  }
  void forge(std::uint64_t seq, std::string_view prev) {
    lines_.resize(std::max<std::size_t>(lines_.size(), seq));
    lines_[seq - 1] = audit_row(seq, {}, entry(99), prev);
  }
  std::string hash(std::size_t seq) const { return std::string(audit_link(lines_[seq - 1])->hash); }
  std::string fault() {
    std::string text;
    for (const auto& line : lines_) text.append(line).append("\n");
    put(file(), text);
    return verify().fault;
  }
  std::vector<std::string> lines_;
};

TEST_F(ForgerTest, ARowWithAHashOfItsOwnIsFoundByTheNext) {
  forge(3, hash(2));
  EXPECT_NE(fault().find("row 4 does not follow the row before it"), std::string::npos);
}

TEST_F(ForgerTest, AllRowsToTheEndWrittenAnewAreFoundByTheHead) {
  for (std::uint64_t seq = 3; seq <= 5; ++seq) forge(seq, hash(seq - 1));
  EXPECT_NE(fault().find("row 5 or one before it was changed"), std::string::npos);
}

TEST_F(ForgerTest, ARowBehindTheHeadIsNotFollowedUnlessItIsTheNext) {
  forge(6, audit_genesis);
  EXPECT_NE(fault(), "");
  add(1);
  EXPECT_NE(verify().fault, "") << "a new row must not hide it";
  EXPECT_EQ(read_audit(folder_.path(), {.limit = 1}).value().rows[0].find("{\"seq\":6,"), 0U) << "the forged row is none";
}

TEST_F(AuditTest, PagesGoBothWaysAndFilter) {
  const auto audit = open({.segment_max = 2000});
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(audit->append_and_wait(entry(i)));
  const auto seqs = [](const AuditPage& page) {
    std::vector<int> all;
    for (const auto& row : page.rows) all.push_back(std::stoi(row.substr(7)));
    return all;
  };
  const auto ask = [&](AuditQuery query) { return read_audit(folder_.path(), query).value(); };
  EXPECT_EQ(seqs(ask({.limit = 3})), (std::vector{25, 24, 23}));
  EXPECT_EQ(seqs(ask({.before = 23, .limit = 3})), (std::vector{22, 21, 20}));
  EXPECT_EQ(seqs(ask({.after = 20, .newest_first = false, .limit = 3})), (std::vector{21, 22, 23}));
  EXPECT_TRUE(ask({.after = 20, .newest_first = false, .limit = 3}).more);
  EXPECT_FALSE(ask({.after = 20, .newest_first = false, .limit = 5}).more);
  EXPECT_EQ(seqs(ask({.target = "boiler-7"})), (std::vector{8}));
  EXPECT_TRUE(ask({.who = "nobody"}).rows.empty());
}

TEST_F(AuditTest, EachRowIsForwardedAfterItIsOnDisk) {
  std::vector<std::string> rows;
  {
    const auto audit = open({.forward = [&](std::string_view row) { rows.emplace_back(row); }});
    ASSERT_TRUE(audit->append_and_wait(entry(1)));
    ASSERT_TRUE(audit->append_and_wait(entry(2)));
  }
  EXPECT_EQ(rows, read_audit(folder_.path(), {.newest_first = false}).value().rows);
}

}  // namespace
}  // namespace weir::gateway
