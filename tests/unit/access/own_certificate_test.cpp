#include "access/own_certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 0777U;
}

TEST(OwnCertificate, IsMadeOnceAndReadableByItsOwnerOnly) {
  tests::TemporaryFolder folder;
  const auto first = own_certificate(folder.path() / "tls");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->fingerprint.size(), 32U * 3 - 1);
  EXPECT_EQ(mode_of(first->key), 0600U);
  EXPECT_EQ(mode_of(folder.path() / "tls"), 0700U);
  EXPECT_EQ(own_certificate(folder.path() / "tls")->fingerprint, first->fingerprint);
}

TEST(OwnCertificate, TwoGatewaysHaveDifferentOnes) {
  tests::TemporaryFolder a, b;
  EXPECT_NE(own_certificate(a.path() / "tls")->fingerprint, own_certificate(b.path() / "tls")->fingerprint);
}

TEST(OwnCertificate, WithoutItsKeyACertificateIsMadeAnew) {
  tests::TemporaryFolder folder;
  const auto first = own_certificate(folder.path() / "tls");
  std::filesystem::remove(first->key);
  EXPECT_NE(own_certificate(folder.path() / "tls")->fingerprint, first->fingerprint);
}

TEST(OwnCertificate, WhatIsNoCertificateIsToldAndNotReplaced) {
  tests::TemporaryFolder folder;
  const auto first = own_certificate(folder.path() / "tls");
  std::ofstream(first->certificate, std::ios::trunc) << "rubbish";
  const auto again = own_certificate(folder.path() / "tls");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::invalid);
  EXPECT_NE(again.error().message.find("remove it and its key"), std::string::npos);
}

}  // namespace
}  // namespace weir::gateway
