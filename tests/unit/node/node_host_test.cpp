// What surrounds the core on a computer: options, sensors, captures, the MQTT outbox, faults.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include "node/faults.h"
#include "node/node_options.h"
#include "node/outbox.h"
#include "node/sampler.h"
#include "node/simulation.h"

namespace weir::firmware {
namespace {

TEST(NodeOptions, AreRead) {
  const auto options =
      parse_node_options({"--serial", "pty", "--id", "bench-1", "--rate", "0.5", "--channels", "2", "--faults", "7"});
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->id, "bench-1");
  EXPECT_EQ(options->rate, 0.5);
  EXPECT_EQ(options->channels, 2U);
  EXPECT_EQ(options->faults, 7U);
}

TEST(NodeOptions, FaultsNameTheOptionAndWhatItTakes) {
  const auto message = [](const std::vector<std::string_view>& arguments) {
    return parse_node_options(arguments).error().message;
  };
  EXPECT_NE(message({"--bogus", "1"}).find("--bogus"), std::string::npos);
  EXPECT_NE(message({"--serial", "pty", "--rate", "fast"}).find("--rate: takes samples"), std::string::npos);
  EXPECT_NE(message({"--serial", "pty", "--channels", "65"}).find("1 to 64"), std::string::npos);
  EXPECT_NE(message({"--serial", "pty", "--id"}).find("--id"), std::string::npos);
  EXPECT_NE(message({"--mqtt", "mqtt://h", "--id", "a/b"}).find("--id"), std::string::npos);
  EXPECT_NE(message({}).find("either --serial or --mqtt"), std::string::npos);
  EXPECT_NE(message({"--serial", "pty", "--mqtt", "mqtt://h"}).find("either"), std::string::npos);
}

TEST(Capture, RowIsATimeAndAValue) {
  const auto row = parse_row("2013-12-02 21:15:00,73.96732207\r");
  ASSERT_TRUE(row.ok()) << row.error().message;
  EXPECT_EQ(row->value, 73.96732207);
  EXPECT_EQ(format_time(*row->time), "2013-12-02T21:15:00Z");
  EXPECT_FALSE(parse_row("timestamp,value").ok());
  EXPECT_FALSE(parse_row("2013-12-02 21:15:00,").ok());
  EXPECT_FALSE(parse_row("2013-12-02 21:15:00,12 Cel").ok());
  EXPECT_FALSE(parse_row("2013-12-02 21:15:00,nan").ok());
  EXPECT_FALSE(parse_row("").ok());
}

TEST(Sampler, CaptureWaitsForRoomAndEndsWithItsFile) {
  const auto file = std::filesystem::temp_directory_path() / ("weir-capture-" + std::to_string(getpid()) + ".csv");
  std::ofstream(file) << "time,value\n2020-01-01 00:00:00,1\n2020-01-01 00:05:00,2\n2020-01-01 00:10:00,3\n";
  NodeOptions options;
  options.replay = file.string();
  options.rate = 0;
  Simulation simulation(1, 1);
  const auto sampler = std::move(Sampler::open(options, simulation, Monotonic{})).value();
  std::vector<Measured> taken;
  sampler->take(Monotonic{}, 2, taken);
  EXPECT_EQ(taken.size(), 2U);
  EXPECT_FALSE(sampler->finished());
  taken.clear();
  sampler->take(Monotonic{}, 10, taken);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].value, 3.0);
  EXPECT_TRUE(sampler->finished());
  std::filesystem::remove(file);
}

TEST(Sampler, SensorsComeAtTheirRateUntilTheCount) {
  NodeOptions options;
  options.rate = 10;
  options.count = 5;
  Simulation simulation(2, 1);
  const auto sampler = std::move(Sampler::open(options, simulation, Monotonic{})).value();
  std::vector<Measured> taken;
  sampler->take(Monotonic{} + std::chrono::milliseconds(150), 100, taken);
  EXPECT_EQ(taken.size(), 4U) << "at 0 and 100 ms, two sensors each";
  sampler->take(Monotonic{} + std::chrono::seconds(5), 100, taken);
  EXPECT_EQ(taken.size(), 5U);
  EXPECT_TRUE(sampler->finished());
}

TEST(Simulation, TemperatureFollowsTheTargetAndCommandsAreChecked) {
  Simulation simulation(3, 1);
  EXPECT_TRUE(simulation.execute("set", {{"target", 80}}).ok);
  simulation.advance(3600);
  EXPECT_NEAR(simulation.value(0), 80, 1);
  EXPECT_EQ(simulation.value(simulation.target_channel()), 80.0);
  EXPECT_TRUE(simulation.execute("relay", {{"on", false}}).ok);
  simulation.advance(3600);
  EXPECT_NEAR(simulation.value(0), 21, 1);
  EXPECT_FALSE(simulation.execute("set", {{"target", 91}}).ok);
  EXPECT_FALSE(simulation.execute("set", {{"target", "hot"}}).ok);
  EXPECT_FALSE(simulation.execute("relay", nlohmann::json::object()).ok);
  EXPECT_FALSE(simulation.execute("explode", nlohmann::json::object()).ok);
  EXPECT_FALSE(simulation.take_reboot());
  EXPECT_TRUE(simulation.execute("reboot", nlohmann::json::object()).ok);
  EXPECT_TRUE(simulation.take_reboot());
}

TEST(Outbox, KeepsMessagesUntilTheyAreAcknowledgedAndSendsThemAgain) {
  Outbox outbox(10);
  for (const char* payload : {"1", "2", "3"}) outbox.add("t", payload);
  EXPECT_EQ(outbox.next(2)->payload, "1");
  const auto second = outbox.next(2)->number;
  EXPECT_EQ(outbox.next(2), nullptr) << "two are under way";
  outbox.acknowledge(second);
  outbox.send_again();
  EXPECT_EQ(outbox.next(10)->payload, "1");
  EXPECT_EQ(outbox.next(10)->payload, "3") << "2 was acknowledged";
  outbox.acknowledge(1);
  outbox.acknowledge(1);
  outbox.acknowledge(99);
  EXPECT_EQ(outbox.size(), 1U);
}

TEST(Outbox, FullDropsTheOldestAndCountsIt) {
  Outbox outbox(2);
  for (const char* payload : {"1", "2", "3"}) outbox.add("t", payload);
  EXPECT_EQ(outbox.dropped(), 1U);
  EXPECT_EQ(outbox.next(10)->payload, "2");
}

TEST(Faults, AreTheSameForTheSameSeedAndNoneWithoutOne) {
  const std::string message(100, 'm');
  const auto damaged = [&](std::optional<std::uint64_t> seed) {
    Faults faults(seed);
    std::string all;
    for (int i = 0; i < 500; ++i) {
      auto one = message;
      faults.damage(one);
      all += one;
    }
    return all;
  };
  EXPECT_EQ(damaged(7), damaged(7));
  EXPECT_NE(damaged(7), damaged(8));
  std::string whole;
  for (int i = 0; i < 500; ++i) whole += message;
  EXPECT_EQ(damaged(std::nullopt), whole);
}

}  // namespace
}  // namespace weir::firmware
