#include "access/certificate.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "access/own_certificate.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

class CertificateTest : public testing::Test {
 protected:
  void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file, std::ios::trunc) << text; }
  std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void expect_refused(const std::filesystem::path& file, const std::string& why) {
    const auto pair = load_key_pair(own.certificate, own.key);
    ASSERT_FALSE(pair);
    EXPECT_EQ(pair.error().code, ErrorCode::invalid);
    EXPECT_EQ(pair.error().message.find(file.string() + ": "), 0U) << pair.error().message;
    EXPECT_NE(pair.error().message.find(why), std::string::npos) << pair.error().message;
  }

  tests::TemporaryFolder folder, other_folder;
  OwnCertificate own = own_certificate(folder.path() / "tls").value();
  OwnCertificate other = own_certificate(other_folder.path() / "tls").value();
};

TEST_F(CertificateTest, PairIsLoadedWithWhatPeopleWantToKnow) {
  const auto pair = load_key_pair(own.certificate, own.key);
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(pair->facts.fingerprint, own.fingerprint);
  EXPECT_EQ(pair->facts.subject.find("CN = "), 0U);
  EXPECT_EQ(format_time(pair->facts.not_before), "2020-01-01T00:00:00Z");
  EXPECT_EQ(format_time(pair->facts.not_after), "2049-12-31T23:59:59Z");
  EXPECT_EQ(pair->chain, nullptr);
}

TEST_F(CertificateTest, IntermediatesBehindTheCertificateAreItsChain) {
  write(own.certificate, text_of(own.certificate) + text_of(other.certificate));
  const auto pair = load_key_pair(own.certificate, own.key);
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_NE(pair->chain, nullptr);
  EXPECT_EQ(pair->facts.fingerprint, own.fingerprint);
}

TEST_F(CertificateTest, MoreIntermediatesThanAnyChainHasAreRefused) {
  std::string many = text_of(own.certificate);
  for (int i = 0; i < 11; ++i) many += text_of(other.certificate);
  write(own.certificate, many);
  expect_refused(own.certificate, "more than 10");
}

TEST_F(CertificateTest, KeyOfAnotherCertificateIsRefused) {
  write(own.key, text_of(other.key));
  expect_refused(own.key, "is not the key of " + own.certificate.string());
}

TEST_F(CertificateTest, HalfAFileIsRefused) {
  const std::string key = text_of(own.key);
  write(own.key, key.substr(0, key.size() / 2));
  expect_refused(own.key, "no private key");
  write(own.certificate, text_of(own.certificate).substr(0, 100));
  expect_refused(own.certificate, "no certificate");
}

TEST_F(CertificateTest, KeyWithAPassPhraseIsRefusedAtOnceInsteadOfAskedFor) {
  write(own.key,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBA=\n-----END ENCRYPTED PRIVATE "
        "KEY-----\n");
  expect_refused(own.key, "pass phrase");
}

TEST_F(CertificateTest, FileThatIsNotThereIsNamed) {
  std::filesystem::remove(own.certificate);
  expect_refused(own.certificate, "No such file");
}

TEST_F(CertificateTest, ValidityIsComplainedAboutBeforeAndAfter) {
  const auto facts = read_certificate(own.certificate);
  ASSERT_TRUE(facts);
  EXPECT_EQ(validity_complaint(*facts, parse_time("2026-11-21T00:00:00Z").value()), "");
  EXPECT_NE(validity_complaint(*facts, parse_time("2019-12-31T23:59:59Z").value()).find("begins on 2020-01-01"),
            std::string::npos);
  EXPECT_NE(validity_complaint(*facts, parse_time("2050-01-01T00:00:00Z").value()).find("ended on 2049-12-31"),
            std::string::npos);
}

}  // namespace
}  // namespace weir::gateway
