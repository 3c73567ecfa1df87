// Runs every case under tests/cases/decoders/<format>/<case>/: a new case needs no code.
//
//   mapping.json   the members of Mapping (`decode` is the name of the folder). Instead of a file `input` it may hold
//                  "input": [{"text": "…", "times": N}, …] for what is too large to keep.
//   expected.json  {"readings": [{"device", "metric", "value", "time"?, "unit"?, "quality"?}],
//                   "rejected": [{"detail": a part of it, "device"?, "metric"?}]}, both in order and complete.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "decoders/decoder.h"

namespace weir::firmware {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string input_of(const fs::path& folder, const json& mapping) {
  if (!mapping.contains("input")) return content(folder / "input");
  std::string input;
  for (const auto& part : mapping["input"]) {
    const auto text = part["text"].get<std::string>();
    for (auto times = part.value("times", 1); times > 0; --times) input += text;
  }
  return input;
}

Mapping mapping_from(const std::string& format, const json& from) {
  Mapping mapping;
  mapping.decode = format;
  mapping.device = from.value("device", "");
  mapping.metric = from.value("metric", "");
  mapping.value = from.value("value", "");
  mapping.time = from.value("time", "");
  mapping.unit = from.value("unit", "");
  mapping.columns = from.value("columns", std::vector<std::string>());
  return mapping;
}

json to_json(const Reading& reading) {
  json out = {{"device", reading.device}, {"metric", reading.metric}};
  std::visit([&](const auto& value) { out["value"] = value; }, reading.value);
  if (reading.time) out["time"] = format_time(*reading.time);
  if (!reading.unit.empty()) out["unit"] = reading.unit;
  if (reading.quality != Quality::good) out["quality"] = to_string(reading.quality);
  return out;
}

void expect_readings(const Decoded& decoded, const json& expected) {
  json got = json::array();
  for (const auto& reading : decoded.readings) got.push_back(to_json(reading));
  EXPECT_EQ(got.dump(), expected.dump());  // as text, for 1 and 1.0 are equal numbers but not the same type
}

void expect_rejected(const Decoded& decoded, const json& expected) {
  std::string all;
  for (const auto& rejected : decoded.rejected) all += rejected.detail + "\n";
  ASSERT_EQ(decoded.rejected.size(), expected.size()) << all;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NE(decoded.rejected[i].detail.find(expected[i]["detail"].get<std::string>()), std::string::npos) << all;
    EXPECT_EQ(decoded.rejected[i].device, expected[i].value("device", decoded.rejected[i].device));
    EXPECT_EQ(decoded.rejected[i].metric, expected[i].value("metric", decoded.rejected[i].metric));
  }
}

void run_case(const std::string& format, const fs::path& folder) {
  SCOPED_TRACE(folder.string());
  const auto settings = json::parse(content(folder / "mapping.json"));
  const auto expected = json::parse(content(folder / "expected.json"));
  const auto mapping = mapping_from(format, settings);
  auto decoder = make_decoder(mapping);
  ASSERT_TRUE(decoder) << decoder.error().message;
  Decoded decoded;
  (*decoder)->decode(input_of(folder, settings), mapping.device, mapping.metric, decoded);
  expect_readings(decoded, expected["readings"]);
  expect_rejected(decoded, expected["rejected"]);
}

TEST(DecoderCases, EachGivesWhatItExpects) {
  int cases = 0;
  for (const auto& format : fs::directory_iterator(WEIR_CASES "/decoders")) {
    for (const auto& folder : fs::directory_iterator(format)) {
      run_case(format.path().filename().string(), folder.path());
      ++cases;
    }
  }
  EXPECT_GE(cases, 60);
}

TEST(DecoderCases, ThereAreSomeForEveryFormat) {
  for (const auto name : decoder_names()) EXPECT_TRUE(fs::is_directory(fs::path(WEIR_CASES "/decoders") / name)) << name;
}

}  // namespace
}  // namespace weir::firmware
