#include "decoders/decoder.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "decoders/json_pointer.h"

namespace weir::firmware {
namespace {

std::string why(const Mapping& mapping) {
  const auto decoder = make_decoder(mapping);
  return decoder ? "accepted" : decoder.error().message;
}

Mapping mapping_of(std::string decode) {
  Mapping mapping;
  mapping.decode = std::move(decode);
  mapping.device = "d";
  mapping.columns = {"a"};
  return mapping;
}

TEST(MakeDecoder, KnowsEveryNameOfTheTable) {
  for (const auto name : decoder_names()) EXPECT_EQ(why(mapping_of(std::string(name))), "accepted");
  EXPECT_EQ(why(mapping_of("jsno")), "decode: \"jsno\" is not known; it may be one of value, json, csv, key-value");
}

TEST(MakeDecoder, RefusesPointersWhereNothingCanBePointedAt) {
  for (const auto* name : {"value", "csv", "key-value"}) {
    auto mapping = mapping_of(name);
    mapping.device = "/id";
    EXPECT_EQ(why(mapping).rfind("device: \"/id\" is a JSON pointer, which", 0), 0U) << why(mapping);
  }
}

TEST(MakeDecoder, SaysWhichPointerIsWrong) {
  auto mapping = mapping_of("json");
  mapping.value = "temperature";
  EXPECT_EQ(why(mapping), "value: \"temperature\" is not a JSON pointer; write \"/temperature\"");
  mapping.value = "/a~2";
  EXPECT_EQ(why(mapping).rfind("value: \"/a~2\" is not a JSON pointer", 0), 0U);
}

TEST(MakeDecoder, HoldsColumnsAgainstTheirRules) {
  auto mapping = mapping_of("csv");
  mapping.columns = {};
  EXPECT_EQ(why(mapping).rfind("columns: name the columns", 0), 0U);
  mapping.columns = {"time", "-"};
  EXPECT_EQ(why(mapping).rfind("columns: name the columns", 0), 0U);
  mapping.columns = {"a", "b", "a"};
  EXPECT_EQ(why(mapping), "columns: \"a\" occurs twice");
  mapping.columns = {"time", "a", "time"};
  EXPECT_EQ(why(mapping), "columns: \"time\" occurs twice");
  mapping.columns = {"-", "-", "a", ""};
  EXPECT_EQ(why(mapping).rfind("columns: a name is", 0), 0U);
  mapping.columns = {"a", "b"};
  mapping.metric = "m";
  EXPECT_EQ(why(mapping).rfind("metric: the columns name the metrics", 0), 0U);
}

/// 20,000 values of every kind, good ones and bad ones in turn.
std::string too_much(std::string_view format) {
  std::string out = format == "json" ? "[" : "";
  for (int i = 0; i < 20'000; ++i) {
    const auto key = "k" + std::to_string(i), value = std::string(i % 2 == 0 ? "1" : format == "json" ? "null" : "nan");
    if (format == "json") out += (i > 0 ? ",{\"" : "{\"") + key + "\":" + value + "}";
    if (format == "csv") out += value + "\n";
    if (format == "key-value") out += key + "=" + value + " ";
  }
  return format == "json" ? out + "]" : out;
}

TEST(Decoders, GoodAndBadValuesTogetherAreLimited) {
  for (const auto* name : {"json", "csv", "key-value"}) {
    const auto decoder = std::move(make_decoder(mapping_of(name))).value();
    Decoded decoded;
    decoder->decode(too_much(name), "d", "", decoded);
    EXPECT_EQ(decoded.readings.size(), limits::readings_per_message_max / 2) << name;
    ASSERT_EQ(decoded.rejected.size(), limits::readings_per_message_max / 2 + 1) << name;
    EXPECT_EQ(decoded.rejected.back().detail.rfind("more than 10000 values", 0), 0U) << name;
  }
}

const nlohmann::json* at(std::string_view pointer, const nlohmann::json& document) {
  return std::move(JsonPointer::parse(pointer)).value().find(document);
}

TEST(JsonPointer, FindsTheExamplesOfRfc6901) {
  const auto document =
      nlohmann::json::parse(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");
  EXPECT_EQ(*at("/foo/0", document), "bar");
  EXPECT_EQ(*at("/", document), 0);
  EXPECT_EQ(*at("/a~1b", document), 1);
  EXPECT_EQ(*at("/k\"l", document), 6);
  EXPECT_EQ(*at("/ ", document), 7);
  EXPECT_EQ(*at("/m~0n", document), 8);
}

TEST(JsonPointer, AnswersNullForWhatIsNotThere) {
  const auto document = nlohmann::json::parse(R"({"a":[1,2],"b":"text"})");
  for (const auto* pointer : {"/c", "/a/2", "/a/-", "/a/01", "/a/x", "/a/99999999999999999999", "/a/0/x", "/b/0", "/a/"}) {
    EXPECT_EQ(at(pointer, document), nullptr) << pointer;
  }
}

TEST(JsonPointer, RefusesWhatIsNone) {
  for (const auto* text : {"", "a", "a/b", "/~", "/~2", "/\xff"}) EXPECT_FALSE(JsonPointer::parse(text)) << text;
}

}  // namespace
}  // namespace weir::firmware
