#include "server/library_holes.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>

#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

std::vector<std::string_view> names(std::string_view version, std::string_view changelog = "") {
  std::vector<std::string_view> names;
  for (const LibraryHole& hole : library_holes(version, changelog)) names.push_back(hole.name);
  return names;
}

TEST(LibraryHoles, OldVersionsHaveAllThatIsKnown) {
  for (const char* version : {"4.1.6", "4.2.0", "4.3.5", "4.3.6", "4.4.1"}) EXPECT_EQ(names(version).size(), 5U) << version;
}

TEST(LibraryHoles, EachBranchHasItsOwnFirstVersionWithTheFix) {
  for (const char* version : {"4.3.7", "4.3.10", "4.4.2", "4.4.4", "4.5.0", "4.5.7"}) {
    EXPECT_EQ(names(version).size(), 3U) << version;
    EXPECT_EQ(names(version).front(), "commit 5eb0361f6") << version;
  }
}

TEST(LibraryHoles, NewVersionsHaveNoneAndNoWolfIsCried) {
  for (const char* version : {"4.4.5", "4.5.8", "4.5.12", "4.6.0", "5.0.0"}) EXPECT_TRUE(names(version).empty()) << version;
}

TEST(LibraryHoles, WhatTheDistributionNamesAsPatchedIsLeftOut) {
  const auto left =
      names("4.1.6", "libwebsockets (4.1.6-3+deb12u1) bookworm-security\n  * Fix CVE-2025-11677 and CVE-2025-11678.\n");
  EXPECT_EQ(left.size(), 3U);
  EXPECT_EQ(names("4.1.6", "  * Update self-testing.\n").size(), 5U);
}

TEST(LibraryHoles, ChangelogIsFoundBesideThePackageOfTheLibraryItself) {
  tests::TemporaryFolder folder;
  const auto write = [&](const char* package, const std::string& text) {
    std::filesystem::create_directories(folder.path() / package);
    gzFile file = gzopen((folder.path() / package / "changelog.Debian.gz").c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
  };
  EXPECT_EQ(library_changelog(folder.path()), "");
  EXPECT_EQ(library_changelog(folder.path() / "absent"), "");
  write("libwebsockets-evlib-uv", "not this one");
  EXPECT_EQ(library_changelog(folder.path()), "");
  write("libwebsockets19t64", "this one");
  EXPECT_EQ(library_changelog(folder.path()), "this one");
}

TEST(LibraryHoles, LineSaysWhichWhereFixedAndWhyNotHere) {
  const std::string line = describe(library_holes("4.1.6", "").front(), "4.1.6");
  EXPECT_EQ(line.find("libwebsockets 4.1.6: CVE-2025-11677: "), 0U);
  EXPECT_NE(line.find("; fixed in 4.3.7, 4.4.2, 4.5.0; here "), std::string::npos);
  EXPECT_NE(library_version(), "");
  EXPECT_EQ(library_version().find('-'), std::string::npos);
}

}  // namespace
}  // namespace weir::gateway
