// Ports that come, go, and come back under another number.
#include <fstream>

#include "readers/serial/serial_port.h"
#include "unit/readers/serial_bench.h"

// After the headers of libc: the kernel's and glibc's terminal headers exclude each other.
#include <asm/termbits.h>
#include <sys/ioctl.h>

namespace weir::test {
namespace {

using firmware::Framing;
namespace fs = std::filesystem;

firmware::SerialOptions json_lines(const std::string& path) {
  auto options = serial_options(path, Framing::lines);
  options.mapping.decode = "json";
  options.mapping.device = "meter";
  return options;
}

TEST(SerialPort, ReadingResumesWhenTheDeviceComesBackUnderAnotherNumber) {
  Plug plug;
  auto pty = std::make_unique<Pty>();
  plug.into(*pty);
  SerialBench bench(json_lines(plug.path()));
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(bench.connects(static_cast<std::uint64_t>(round)));
    pty->say("{\"a\":" + std::to_string(round) + ".5}\n");
    ASSERT_TRUE(wait_until([&] { return bench.intake.has(round + 0.5); }));
    ASSERT_TRUE(wait_until([&] { return bench.intake.last_state("meter", DeviceState::online); }));
    plug.out();
    const Pty squatter;  // takes another number while the old one is still in use
    auto next = std::make_unique<Pty>();
    pty->unplug();
    ASSERT_TRUE(wait_until([&] { return bench.intake.last_state("meter", DeviceState::offline); }));
    EXPECT_FALSE(bench.reader->status().connected);
    pty = std::move(next);
    plug.into(*pty);
  }
}

TEST(SerialPort, ThatIsNotThereAtTheStartIsOpenedWhenItComes) {
  Plug plug;
  SerialBench bench(json_lines(plug.path()));
  ASSERT_TRUE(wait_until([&] { return bench.reader->status().detail.find("No such file") != std::string::npos; }));
  EXPECT_EQ(bench.send("meter").error().code, ErrorCode::unavailable);
  Pty pty;
  plug.into(pty);
  EXPECT_TRUE(bench.connects());
}

TEST(SerialPort, StopsAndStartsAgain) {
  Pty pty;
  SerialBench bench(json_lines(pty.path()));
  ASSERT_TRUE(bench.connects());
  bench.loop.call([&] { bench.reader->stop(); });
  EXPECT_FALSE(bench.reader->status().connected);
  bench.loop.call([&] { bench.reader->start(); });
  ASSERT_TRUE(bench.connects(2));
  pty.say("{\"a\":1.5}\n");
  EXPECT_TRUE(wait_until([&] { return bench.intake.has(1.5); }));
}

TEST(SerialPort, TakesAnyRateAndIsRaw) {
  Pty pty;
  for (const unsigned baud : {1200U, 31'250U, 74'880U, 115'200U, 1'000'000U, 3'333'333U}) {
    const auto fd = firmware::open_serial_port(pty.path(), baud);
    ASSERT_TRUE(fd.ok()) << fd.error().message;
    termios2 settings{};
    ASSERT_EQ(ioctl(*fd, TCGETS2, &settings), 0);
    EXPECT_EQ(settings.c_ospeed, baud);
    EXPECT_EQ(settings.c_ispeed, baud);
    EXPECT_EQ(settings.c_cflag & CSIZE, static_cast<tcflag_t>(CS8));
    EXPECT_EQ(settings.c_lflag, 0U);
    close(*fd);
  }
}

TEST(SerialPort, IsNotSharedWithAnotherProgram) {
  Pty pty;
  const auto first = firmware::open_serial_port(pty.path(), 9600);
  ASSERT_TRUE(first.ok());
  const auto second = firmware::open_serial_port(pty.path(), 9600);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_NE(second.error().message.find("another program"), std::string::npos);
  close(*first);
}

TEST(SerialPort, WhatIsNoPortSaysSo) {
  Plug plug;
  std::ofstream(plug.folder() / "file") << "text";
  EXPECT_EQ(firmware::open_serial_port((plug.folder() / "file").string(), 9600).error().code, ErrorCode::invalid);
  EXPECT_EQ(firmware::open_serial_port((plug.folder() / "none").string(), 9600).error().code, ErrorCode::not_found);
}

/// As sysfs has it: class/tty/ttyUSB1 -> devices/usb1/1-2/1-2:1.0/ttyUSB1/tty/ttyUSB1, the number is in 1-2/serial.
void add_usb_port(const fs::path& root, const std::string& tty, const std::string& usb, const std::string& serial) {
  const auto port = root / "devices" / usb / (usb + ":1.0") / tty;
  fs::create_directories(port / "tty" / tty);
  fs::create_directory_symlink(port, port / "tty" / tty / "device");
  std::ofstream(root / "devices" / usb / "serial") << serial << "\n";
  fs::create_directories(root / "class");
  fs::create_directory_symlink(port / "tty" / tty, root / "class" / tty);
}

TEST(FindPort, BySerialNumberWhereverItIsPluggedIn) {
  Plug plug;
  add_usb_port(plug.folder(), "ttyUSB0", "1-1", "OTHER");
  add_usb_port(plug.folder(), "ttyUSB3", "1-4", "A8U6N");
  fs::create_directories(plug.folder() / "class" / "tty1");  // a console: no device, no number
  const firmware::PortRoots roots{plug.folder() / "by-id", plug.folder() / "class", "/dev"};
  EXPECT_EQ(*firmware::find_port({"", "", "A8U6N"}, roots), "/dev/ttyUSB3");
  const auto missing = firmware::find_port({"", "", "NONE"}, roots);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("OTHER, A8U6N"), std::string::npos) << missing.error().message;
}

TEST(FindPort, ByIdName) {
  Plug plug;
  Pty pty;
  fs::create_directories(plug.folder() / "by-id");
  fs::create_symlink(pty.path(), plug.folder() / "by-id" / "usb-FTDI_A8U6N-if00");
  const firmware::PortRoots roots{plug.folder() / "by-id", plug.folder() / "class", "/dev"};
  const auto found = firmware::find_port({"", "usb-FTDI_A8U6N-if00", ""}, roots);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(firmware::open_serial_port(*found, 9600).ok());
  EXPECT_NE(firmware::find_port({"", "gone", ""}, roots).error().message.find("usb-FTDI"), std::string::npos);
}

TEST(SerialReader, ConfigurationThatCantWorkIsRefused) {
  LoopThread loop;
  FakeIntake intake;
  FakeListener listener;
  const firmware::ReaderContext context{loop.loop(), intake, listener, loop.clock()};
  EXPECT_FALSE(firmware::SerialReader::create({}, context).ok());
  auto both = serial_options("/dev/ttyUSB0", Framing::wire);
  both.port.by_id = "x";
  EXPECT_FALSE(firmware::SerialReader::create(both, context).ok());
  auto format = serial_options("/dev/ttyUSB0", Framing::lines);
  format.mapping.decode = "no-such-format";
  EXPECT_FALSE(firmware::SerialReader::create(format, context).ok());
}

}  // namespace
}  // namespace weir::test
