// A node on a bench: its clock is a number, its line is a list, its gateway is the test.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/node_core.h"
#include "unit/wire/frames.h"
#include "wire/senml.h"

namespace weir::test {

inline const weir_channel channels[] = {{{"temperature", 11}, {"Cel", 3}}, {{"relay", 5}, {nullptr, 0}}};

struct Pack {
  weir_readings head;
  std::vector<weir_senml_record> records;
  Bytes frame;  // the records' text points into it
};

class Bench {
 public:
  explicit Bench(std::uint32_t capacity = 1000) : samples_(capacity) {
    weir_node_options options{};
    options.device = text("bench-1");
    options.channels = channels;
    options.channel_count = 2;
    options.samples = samples_.data();
    options.capacity = capacity;
    options.context = this;
    options.write = [](void* self, const std::uint8_t* bytes, std::size_t size) {
      return static_cast<Bench*>(self)->write(bytes, size);
    };
    options.execute = [](void* self, const weir_command* command, weir_cbor_writer* result, weir_text* error) {
      return static_cast<Bench*>(self)->execute(command, result, error);
    };
    options.new_boot = [](void* self) { return ++static_cast<Bench*>(self)->boots; };
    EXPECT_TRUE(weir_node_init(&node, &options, now));
  }
  Bench(const Bench&) = delete;

  void measure(double value, bool absolute = false, std::int64_t time_ms = 0) {
    const weir_sample sample{absolute ? time_ms : now, value, 0, false, absolute};
    ASSERT_TRUE(weir_node_add(&node, &sample));
  }

  void receive(const Bytes& line) { weir_node_receive(&node, line.data(), line.size(), now); }
  void time(std::optional<double> seconds, bool want_hello = false) {
    const weir_time message{seconds.has_value(), seconds.value_or(0), want_hello};
    receive(line_of([&](auto* frame) { weir_put_time(frame, &message); }));
  }
  void ack(std::uint32_t sequence) {
    const weir_ack message{node.boot, sequence};
    receive(line_of([&](auto* frame) { weir_put_ack(frame, &message); }));
  }
  void command(std::string_view id, std::uint32_t ttl_ms = 1000) {
    const Bytes args{0xA0};
    const weir_command message{text(id), text("set"), {args.data(), args.size()}, ttl_ms};
    receive(line_of([&](auto* frame) { weir_put_command(frame, &message); }));
  }

  void link() {
    poll();
    time(std::nullopt);
    sent.clear();
  }

  void poll(std::int64_t later_ms = 0) {
    now += later_ms;
    weir_node_poll(&node, now);
  }

  int count(weir_frame_type type) {
    int found = 0;
    for (const auto& line : sent) found += Opened(line).type == type ? 1 : 0;
    return found;
  }

  std::vector<Pack> packs() {
    std::vector<Pack> found;
    for (const auto& line : sent) {
      Opened opened(line);
      if (opened.type != WEIR_READINGS) continue;
      Pack pack{};
      EXPECT_TRUE(weir_read_readings(&opened.body, &pack.head));
      weir_senml_base base{};
      weir_senml_record record;
      for (std::size_t i = 0; i < pack.head.count; ++i) {
        EXPECT_TRUE(weir_senml_next(&pack.head.pack, &base, &record));
        pack.records.push_back(record);
      }
      pack.frame = std::move(opened.frame);
      found.push_back(std::move(pack));
    }
    return found;
  }

  std::vector<std::pair<std::string, weir_result>> results() {
    std::vector<std::pair<std::string, weir_result>> found;
    for (const auto& line : sent) {
      Opened opened(line);
      weir_result result;
      if (opened.type != WEIR_RESULT || !weir_read_result(&opened.body, &result)) continue;
      found.emplace_back(std::string(view(result.id)) + (result.ok ? "" : " " + std::string(view(result.error))), result);
    }
    return found;
  }

  weir_node node{};
  std::int64_t now = 5000;
  std::uint32_t boots = 0;
  std::deque<Bytes> sent;
  std::map<std::string, int> executed;
  bool line_free = true;
  bool fails = false;

 private:
  bool write(const std::uint8_t* bytes, std::size_t size) {
    if (line_free) sent.emplace_back(bytes, bytes + size);
    return line_free;
  }
  bool execute(const weir_command* command, weir_cbor_writer* result, weir_text* error) {
    ++executed[std::string(view(command->id))];
    *error = text("valve stuck");
    weir_cbor_put_int(result, 50);
    return !fails;
  }

  std::vector<weir_sample> samples_;
};

}  // namespace weir::test
