#include "base/json.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"

namespace weir {
namespace {

using nlohmann::json;

std::string repeat(std::string_view part, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += part;
  return out;
}

std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string reason(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(ParseJson, KeepsTypesAndOrderOfElements) {
  const auto parsed = parse_json(R"( {"a":[1,-2,2.5,true,null,"x"],"b":{"c":18446744073709551615}} )");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, json::parse(R"({"a":[1,-2,2.5,true,null,"x"],"b":{"c":18446744073709551615}})"));
  EXPECT_TRUE((*parsed)["a"][0].is_number_integer());
  EXPECT_TRUE((*parsed)["a"][2].is_number_float());
}

TEST(ParseJson, NestsToTheLimitAndNoDeeper) {
  EXPECT_TRUE(parse_json(repeat("[", limits::json_depth_max) + repeat("]", limits::json_depth_max)));
  EXPECT_NE(reason(repeat("[", limits::json_depth_max + 1) + repeat("]", limits::json_depth_max + 1)).find("nested deeper"),
            std::string::npos);
  EXPECT_FALSE(parse_json(repeat("[", 1'000'000)));
  EXPECT_FALSE(parse_json(repeat(R"({"a":)", 200'000)));
}

TEST(ParseJson, RefusesAMemberThatOccursTwice) {
  EXPECT_NE(reason(R"({"value":1,"value":2})").find("'value' occurs twice"), std::string::npos);
  EXPECT_NE(reason(R"({"o":{"a":1,"\u0061":2}})").find("'a' occurs twice"), std::string::npos);
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2}])"));
}

TEST(ParseJson, RefusesWhatIsNoNumberOfADouble) {
  for (const auto* text : {"NaN", "Infinity", "-Infinity", "1e999", "-1e999", "01", "+1", ".5", "1.", "0x10"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_NE(reason("[1e999]").find("beyond the range of a double"), std::string::npos);
  EXPECT_TRUE(parse_json("123456789012345678901234567890"));
}

TEST(ParseJson, RefusesBrokenText) {
  for (const auto* text : {"", " ", "{", "[1,]", "{\"a\":}", "{'a':1}", "1 2", "{} x", "\"a", "\"\\ud800\"", "nul", "// c\n1"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

TEST(ParseJson, RefusesInvalidUtf8) {
  for (const auto* text : {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\""}) {
    EXPECT_FALSE(parse_json(text));
  }
}

TEST(ParseJson, SaysWhereAndNeverRepeatsAMegabyteOfInput) {
  EXPECT_NE(reason(R"({"a": tru})").find("byte 10:"), std::string::npos) << reason(R"({"a": tru})");
  EXPECT_LT(reason("\"" + std::string(1 << 20, 'x')).size(), 250U);
  EXPECT_LT(reason(std::string(1 << 20, '9')).size(), 250U);
}

TEST(ParseCbor, ReadsTheExamplesOfRfc8949) {
  const struct {
    std::string_view bytes;
    const char* json_text;
  } examples[] = {
      {{"\x18\x64", 2}, "100"},
      {{"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9}, "18446744073709551615"},
      {{"\x39\x03\xe7", 3}, "-1000"},
      {{"\xf9\x3e\x00", 3}, "1.5"},
      {{"\xf9\x00\x01", 3}, "5.960464477539063e-8"},
      {{"\xf9\xc4\x00", 3}, "-4.0"},
      {{"\xfa\x47\xc3\x50\x00", 5}, "100000.0"},
      {{"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9}, "1.1"},
      {{"\xf4", 1}, "false"},
      {{"\xf6", 1}, "null"},
      {{"\x62\xc3\xbc", 3}, "\"\\u00fc\""},
      {{"\x83\x01\x82\x02\x03\x82\x04\x05", 8}, "[1,[2,3],[4,5]]"},
      {{"\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff", 10}, "[1,[2,3],[4,5]]"},
      {{"\xa2\x61\x61\x01\x61\x62\x82\x02\x03", 9}, R"({"a":1,"b":[2,3]})"},
      {{"\xbf\x61\x61\x01\xff", 5}, R"({"a":1})"},
      {{"\x7f\x65strea\x64ming\xff", 13}, "\"streaming\""},
      {{"\xc1\x1a\x51\x4b\x67\xb0", 6}, "1363896240"},
      {{"\xa2\x21\x01\x02\x18\x2a", 6}, R"({"-2":1,"2":42})"},
  };
  for (const auto& example : examples) {
    const auto parsed = parse_cbor(example.bytes);
    ASSERT_TRUE(parsed) << example.json_text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, json::parse(example.json_text));
  }
}

TEST(ParseCbor, RefusesWhatIsBrokenOrNoValue) {
  const std::string_view broken[] = {
      {"", 0},
      {"\x18", 1},                                       // cut head
      {"\x62\x61", 2},                                   // cut text
      {"\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x00", 10},  // text longer than memory
      {"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x00", 10},  // as many elements
      {"\x01\x01", 2},                                   // trailing bytes
      {"\x1c", 1},                                       // reserved length
      {"\xff", 1},                                       // a break alone
      {"\x1f", 1},                                       // an open integer
      {"\xdf\x01", 2},                                   // an open tag
      {"\x62\xff\xff", 3},                               // not UTF-8
      {"\xf9\x7e\x00", 3},                               // NaN
      {"\xf9\x7c\x00", 3},                               // infinity
      {"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", 9},       // infinity
      {"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", 9},       // below int64
      {"\xa2\x61\x61\x01\x61\x61\x02", 7},               // a member twice
      {"\xa1\x80\x01", 3},                               // an array as a key
      {"\x7f\x7f\xff\xff", 4},                           // an open string inside an open string
      {"\x7f\x41\x61\xff", 4},                           // bytes inside text
      {"\xf8\xff", 2},                                   // unassigned simple value
  };
  for (const auto bytes : broken) EXPECT_FALSE(parse_cbor(bytes)) << testing::PrintToString(bytes);
}

TEST(ParseCbor, NestsToTheLimitAndNoDeeper) {
  EXPECT_TRUE(parse_cbor(repeat("\x81", limits::json_depth_max) + "\x01"));
  for (const auto* opener : {"\x81", "\x9f", "\xc1", "\x7f", "\x5f", "\xa1\x61\x61", "\xbf\x61\x61"}) {
    EXPECT_FALSE(parse_cbor(repeat(opener, limits::json_depth_max + 1) + "\x01"));
    EXPECT_FALSE(parse_cbor(repeat(opener, 500'000)));
  }
}

TEST(AppendJsonNumber, IsTheShortestTextThatReadsBack) {
  EXPECT_EQ(number(21.5), "21.5");
  EXPECT_EQ(number(42.0), "42");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(-0.0), "-0");
  for (double value : {1.0 / 3, 1e300, 5e-324, std::numeric_limits<double>::max(), 123456789.123456789}) {
    EXPECT_EQ(parse_json(number(value))->get<double>(), value);
  }
}

TEST(AppendJsonString, EscapesAndNeverWritesInvalidUtf8) {
  EXPECT_EQ(quoted("a\"b\\c\n\r\t\x01\x1f"), R"("a\"b\\c\n\r\t\u0001\u001f")");
  EXPECT_EQ(quoted("\xc3\xbc"), "\"\xc3\xbc\"");
  EXPECT_EQ(quoted(std::string_view("a\0b", 3)), R"("a\u0000b")");
  EXPECT_EQ(quoted("a\xff\xe2\x82z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

}  // namespace
}  // namespace weir
