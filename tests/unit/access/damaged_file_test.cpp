// A file that is cut, edited or open to others: a clear error, never an open door.
#include "unit/access/access_fixture.h"

namespace weir::gateway {
namespace {

TEST_F(AccessTest, FileCutAnywhereIsRefused) {
  const std::string token = *open()->add_token("cloud", Role::admin);
  const std::string whole = file_text();
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
    write_file(whole.substr(0, size));
    const auto access = Access::open(folder_, clock_);
    ASSERT_FALSE(access.ok()) << size;
    EXPECT_EQ(access.error().code, ErrorCode::invalid);
    EXPECT_NE(access.error().message.find("access.json"), std::string::npos);
  }
}

TEST_F(AccessTest, FileDamagedUnderARunningDaemonLetsNobodyInUntilItIsWhole) {
  const auto daemon = open();
  const std::string token = *daemon->add_token("cloud", Role::admin);
  const std::string session = *daemon->redeem(*daemon->add_code());
  const std::string whole = file_text();
  for (const std::string& damaged :
       {std::string(), std::string("{}"), whole.substr(0, whole.size() / 2), std::string(whole.size(), '\0')}) {
    const auto before = daemon->generation();
    write_file(damaged);
    EXPECT_FALSE(daemon->by_token(token));
    EXPECT_FALSE(daemon->by_session(session));
    EXPECT_FALSE(daemon->by_token(""));
    EXPECT_NE(daemon->generation(), before);
    EXPECT_FALSE(daemon->add_token("another", Role::admin).ok());
    EXPECT_FALSE(daemon->add_code().ok());
    EXPECT_FALSE(daemon->tokens().ok());
    EXPECT_EQ(file_text(), damaged);  // nothing was written over it
    write_file(whole);
    EXPECT_TRUE(daemon->by_token(token));
  }
}

TEST_F(AccessTest, EditedFileIsRefused) {
  ASSERT_TRUE(open()->add_token("cloud", Role::viewer).ok());
  const std::string whole = file_text();
  const std::pair<const char*, const char*> edits[] = {
      {"\"viewer\"", "\"root\""},        {"\"version\": 2", "\"version\": 3"},  {"\"sha256\"", "\"sha\""},
      {"\"count\": 0", "\"count\": -1"}, {"\"sha256\": \"", "\"sha256\": \"x"}, {"\"tokens\": [", "\"tokens\": {}, \"t\": ["},
      {"\"wrong\"", "\"codes\""}};
  for (const auto& [from, to] : edits) {
    std::string text = whole;
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write_file(text.replace(at, std::string_view(from).size(), to));
    EXPECT_FALSE(Access::open(folder_, clock_).ok()) << to;
  }
}

TEST_F(AccessTest, FileThatOthersMayReadIsRefused) {
  ASSERT_TRUE(open()->add_token("cloud", Role::viewer).ok());
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U}) {
    ::chmod(file().c_str(), mode);
    const auto access = Access::open(folder_, clock_);
    ASSERT_FALSE(access.ok()) << mode;
    EXPECT_NE(access.error().message.find("chmod 600"), std::string::npos);
  }
}

TEST_F(AccessTest, FolderThatEverybodyMayWriteToIsRefused) {
  ::chmod(folder_.c_str(), 0777);
  const auto access = Access::open(folder_, clock_);
  ASSERT_FALSE(access.ok());
  EXPECT_NE(access.error().message.find("chmod o-w"), std::string::npos);
}

TEST_F(AccessTest, FileBeyondItsLimitIsRefused) {
  write_file(file_with_tokens(access_limits::tokens_max + 1));
  EXPECT_FALSE(Access::open(folder_, clock_).ok());
  write_file(std::string(access_limits::file_bytes_max + 1, ' '));
  EXPECT_FALSE(Access::open(folder_, clock_).ok());
}

TEST_F(AccessTest, FolderThatIsAFileIsNamed) {
  std::ofstream(folder_ / "plain") << "x";
  const auto access = Access::open(folder_ / "plain", clock_);
  ASSERT_FALSE(access.ok());
  EXPECT_NE(access.error().message.find("plain"), std::string::npos);
}

TEST_F(AccessTest, LeftoverOfAnInterruptedWriteIsReplaced) {
  std::ofstream(folder_ / "access.json.new") << "half";
  const auto access = open();
  EXPECT_TRUE(access->add_token("cloud", Role::viewer).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "access.json.new"));
}

TEST_F(AccessTest, RemovedFileTakesAllRightsWithIt) {
  const auto daemon = open();
  const std::string token = *daemon->add_token("cloud", Role::admin);
  std::filesystem::remove(file());
  EXPECT_FALSE(daemon->by_token(token));
}

}  // namespace
}  // namespace weir::gateway
