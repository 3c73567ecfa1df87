// A folder of its own and a clock by hand for each test of access/.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "access/access.h"

namespace weir::gateway {

class HandClock final : public Clock {
 public:
  Timestamp wall() const override { return now_; }
  Monotonic monotonic() const override { return Monotonic(now_.time_since_epoch()); }
  void advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  Timestamp now_ = from_nanoseconds(1'800'000'000'000'000'000);
};

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-access-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Access> open() {
    auto access = Access::open(folder_, clock_);
    EXPECT_TRUE(access.ok()) << (access.ok() ? "" : access.error().message);
    return std::move(*access);
  }

  std::filesystem::path file() const { return folder_ / "access.json"; }

  std::string file_text() const {
    std::ostringstream text;
    text << std::ifstream(file()).rdbuf();
    return text.str();
  }

  void write_file(const std::string& text) const {
    std::ofstream(file(), std::ios::trunc) << text;
    ::chmod(file().c_str(), 0600);
  }

  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
  }

  static std::string file_with_tokens(std::size_t count) {
    std::string tokens;
    for (std::size_t i = 0; i < count; ++i) {
      tokens += std::string(i == 0 ? "" : ",") + R"({"name":"t)" + std::to_string(i) +
                R"(","role":"viewer","prefix":"weir_abcdef","created":1,"sha256":")" + std::string(64, 'a') + "\"}";
    }
    return R"({"version":1,"tokens":[)" + tokens + R"(],"sessions":[],"codes":[],"wrong":{"count":0,"last":0}})";
  }

  std::filesystem::path folder_;
  HandClock clock_;
};

}  // namespace weir::gateway
