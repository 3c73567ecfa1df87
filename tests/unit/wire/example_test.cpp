// The worked example of gateway/docs/wire.md: its bytes are what the encoders write, and the decoders read them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "unit/wire/frames.h"
#include "wire/hello.h"
#include "wire/senml.h"

namespace weir::test {
namespace {

/// Fenced blocks whose first line is `MESSAGE:`, and the hexadecimal bytes below it.
std::map<std::string, Bytes> examples() {
  const auto root = std::filesystem::path(WEIR_CASES).parent_path().parent_path();
  std::ifstream file(root / "gateway/docs/wire.md");
  std::map<std::string, Bytes> found;
  std::string line, name;
  while (std::getline(file, line)) {
    if (line.starts_with("```")) {
      name.clear();
    } else if (line.ends_with(":") && line.find(' ') == line.npos) {
      name = line.substr(0, line.size() - 1);
    } else if (!name.empty()) {
      std::istringstream words(line);
      for (unsigned byte = 0; words >> std::hex >> byte;) found[name].push_back(static_cast<std::uint8_t>(byte));
    }
  }
  return found;
}

std::string hex(const Bytes& bytes) {
  std::string out;
  char text[4];
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::snprintf(text, sizeof text, "%02x", bytes[i]);
    out += text;
    out += i % 24 == 23 ? '\n' : ' ';
  }
  return out;
}

Bytes hello_line() {
  return line_of([](auto* frame) {
    weir_argument target{};
    target.name = text("target");
    target.has_min = target.has_max = true;
    target.max = 90;
    target.unit = text("Cel");
    weir_declaration set{};
    set.name = text("set");
    set.state_metric = text("target");
    set.args = &target;
    set.arg_count = 1;
    weir_hello hello{};
    hello.device = text("bench-1");
    hello.firmware = text("weir-node");
    hello.version = text("1.0");
    hello.boot = 7;
    hello.frame_bytes_max = 1024;
    hello.commands = &set;
    hello.command_count = 1;
    weir_put_hello(frame, &hello);
  });
}

Bytes readings_line(double base_time, double second_time) {
  return line_of([&](auto* frame) {
    weir_readings head{};
    head.boot = 7;
    head.first = head.oldest = 41;
    head.count = 2;
    weir_put_readings(frame, &head);
    weir_senml_record record{};
    record.name = text("temperature");
    record.unit = text("Cel");
    record.kind = WEIR_SENML_NUMBER;
    record.number = 21.5;
    record.time = base_time == 0 ? -2.5 : 0;
    weir_senml_put(&frame->body, &record, base_time);
    record.name = text("relay");
    record.unit = {};
    record.kind = WEIR_SENML_BOOL;
    record.boolean = true;
    record.time = second_time;
    weir_senml_put(&frame->body, &record, 0);
  });
}

std::map<std::string, Bytes> encoded() {
  const Bytes args{0xA1, 0x66, 't', 'a', 'r', 'g', 'e', 't', 0x18, 0x32};
  const weir_time asked{true, 1795255200, true};
  const weir_time answered{true, 1795255200.5, false};
  const weir_ack ack{7, 42};
  const weir_command command{text("c1"), text("set"), {args.data(), args.size()}, 10'000};
  const weir_result result{text("c1"), true, {}, {}};
  return {
      {"TIME-1", line_of([&](auto* frame) { weir_put_time(frame, &asked); })},
      {"HELLO", hello_line()},
      {"TIME-2", line_of([&](auto* frame) { weir_put_time(frame, &answered); })},
      {"READINGS", readings_line(1795255201, 0.5)},
      {"READINGS-without-clock", readings_line(0, -2)},
      {"ACK", line_of([&](auto* frame) { weir_put_ack(frame, &ack); })},
      {"COMMAND", line_of([&](auto* frame) { weir_put_command(frame, &command); })},
      {"RESULT", line_of([&](auto* frame) { weir_put_result(frame, &result); })},
      {"RESULT_ACK", line_of([](auto* frame) { weir_put_result_ack(frame, text("c1")); })},
  };
}

TEST(WireExample, BytesOfTheDocumentAreWhatIsSent) {
  const auto documented = examples();
  for (const auto& [name, bytes] : encoded()) {
    const auto found = documented.find(name);
    EXPECT_TRUE(found != documented.end() && found->second == bytes) << name << ":\n" << hex(bytes);
  }
  EXPECT_EQ(documented.size(), encoded().size());
}

TEST(WireExample, BytesOfTheDocumentAreWholeFrames) {
  for (const auto& [name, bytes] : examples()) {
    EXPECT_EQ(frames_in(bytes).size(), 1U) << name;
  }
}

}  // namespace
}  // namespace weir::test
