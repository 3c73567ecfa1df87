#include "base/text.h"

#include <string>

#include <gtest/gtest.h>

#include "base/limits.h"

namespace weir {
namespace {

TEST(Utf8, TakesEveryFirstAndLastOfALength) {
  for (const auto* text : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << testing::PrintToString(std::string(text));
  }
}

TEST(Utf8, RefusesOverlongSurrogateTooLargeAndCut) {
  for (const auto* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc2", "\xe2\x82", "\xf0\x9f\x98", "a\xc2z", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(std::string(text));
  }
}

TEST(Utf8, PrefixEndsBeforeTheFirstBadByte) {
  EXPECT_EQ(utf8_prefix("ab\xc3\xbc\xff"), 4U);
  EXPECT_EQ(utf8_prefix("ab\xe2\x82"), 2U);
}

TEST(Name, IsShortPrintableText) {
  EXPECT_TRUE(is_name("boiler 1/temp\xc3\xa9rature"));
  EXPECT_TRUE(is_name(std::string(limits::name_bytes_max, 'x')));
  EXPECT_FALSE(is_name(std::string(limits::name_bytes_max + 1, 'x')));
  for (const auto* text : {"", "a\nb", "\x7f", "\xc2\x85", "\xff"}) EXPECT_FALSE(is_name(text));
  EXPECT_FALSE(is_name(std::string_view("a\0b", 3)));
}

TEST(Glob, StarTakesAnyRunAndQuestionMarkOneByte) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("boiler*", "boiler-7"));
  EXPECT_TRUE(glob_match("*temp*", "outside temperature"));
  EXPECT_TRUE(glob_match("a?c*e", "abcdde"));
  EXPECT_TRUE(glob_match("*ab", "aab"));
  EXPECT_FALSE(glob_match("boiler", "boiler-7"));
  EXPECT_FALSE(glob_match("a?c", "ac"));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_TRUE(glob_match("", ""));
}

TEST(Glob, ManyStarsStayCheap) {
  std::string pattern, text(4'000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", text));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), std::vector<std::string_view>{""});
}

TEST(Trim, TakesWhiteSpaceFromBothEnds) {
  EXPECT_EQ(trim(" \t\r\n21.5 \n"), "21.5");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim("a b"), "a b");
}

}  // namespace
}  // namespace weir
