#include "dashboard/assets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace weir::gateway {
namespace {

std::string_view text(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

const Asset* find(std::string_view path) {
  const auto assets = dashboard_assets();
  const auto at = std::find_if(assets.begin(), assets.end(), [&](const Asset& asset) { return asset.path == path; });
  return at == assets.end() ? nullptr : &*at;
}

TEST(Assets, RootIsThePage) {
  const Asset* page = find("/");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_FALSE(page->immutable);
  EXPECT_TRUE(text(page->identity).starts_with("<!doctype html>"));
  EXPECT_TRUE(text(page->identity).ends_with("</html>\n"));
}

TEST(Assets, PageNamesOnlyWhatIsThereAndNoOtherHost) {
  const std::string_view page = text(find("/")->identity);
  EXPECT_EQ(page.find("://"), std::string_view::npos);
  EXPECT_EQ(page.find("<style"), std::string_view::npos) << "the content security policy allows no inline style";
  std::size_t named = 0;
  for (std::size_t at = page.find("\"./"); at != std::string_view::npos; at = page.find("\"./", at + 1)) {
    const std::size_t end = page.find('"', at + 1);
    const std::string_view path = page.substr(at + 2, end - at - 2);
    EXPECT_NE(find(path), nullptr) << path;
    ++named;
  }
  EXPECT_GE(named, 3U) << "script, style sheet, icon";
}

TEST(Assets, HashedNamesAreImmutableAndOthersAreNot) {
  for (const Asset& asset : dashboard_assets()) {
    EXPECT_EQ(asset.immutable, asset.path.starts_with("/assets/")) << asset.path;
  }
}

TEST(Assets, CompressedFormIsGzipAndSmallerAndAllFitTheBudget) {
  std::size_t sent = 0;
  for (const Asset& asset : dashboard_assets()) {
    sent += asset.gzip.empty() ? asset.identity.size() : asset.gzip.size();
    if (asset.gzip.empty()) continue;
    EXPECT_TRUE(text(asset.gzip).starts_with("\x1f\x8b")) << asset.path;
    EXPECT_LT(asset.gzip.size(), asset.identity.size()) << asset.path;
  }
  EXPECT_LE(sent, std::size_t{120} * 1024);
}

TEST(Assets, TagsDifferAndAreSortedByPath) {
  std::set<std::string_view> tags;
  for (const Asset& asset : dashboard_assets()) {
    EXPECT_TRUE(asset.etag.starts_with("W/\"") && asset.etag.ends_with('"')) << asset.etag;
    tags.insert(asset.etag);
  }
  EXPECT_EQ(tags.size(), dashboard_assets().size());
  EXPECT_TRUE(std::is_sorted(dashboard_assets().begin(), dashboard_assets().end(),
                             [](const Asset& a, const Asset& b) { return a.path < b.path; }));
}

}  // namespace
}  // namespace weir::gateway
