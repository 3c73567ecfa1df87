#include "access/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "access/openssl_pointers.h"

namespace weir::gateway {
namespace {

namespace fs = std::filesystem;

constexpr int intermediates_max = 10;

Error wrong(const fs::path& file, const std::string& what) { return {ErrorCode::invalid, file.string() + ": " + what}; }

Result<File> open_file(const fs::path& path) {
  File file(std::fopen(path.c_str(), "re"));
  if (!file) return wrong(path, std::string(std::strerror(errno)) + "; check the path and who may read it");
  return file;
}

std::string fingerprint_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    std::array<char, 4> byte{};
    std::snprintf(byte.data(), byte.size(), i == 0 ? "%02X" : ":%02X", unsigned{digest[i]});
    text += byte.data();
  }
  return text;
}

std::string subject_of(const X509& certificate) {
  const std::unique_ptr<BIO, Release<BIO_free_all>> out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return "";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

/// Certificates may end in the year 9999; a Timestamp does not.
Timestamp time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  using Seconds = std::chrono::seconds;
  const Seconds last = std::chrono::floor<Seconds>(Timestamp::max().time_since_epoch());
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  const Seconds since = std::chrono::sys_days(day).time_since_epoch() + std::chrono::hours(parts.tm_hour) +
                        std::chrono::minutes(parts.tm_min) + Seconds(parts.tm_sec);
  return Timestamp(std::clamp(since, -last, last));
}

Result<Certificate> next_certificate(std::FILE* file, const fs::path& path) {
  Certificate certificate(PEM_read_X509(file, nullptr, nullptr, nullptr));
  ERR_clear_error();  // it also says that the file has ended
  if (!certificate) return wrong(path, "has no certificate in PEM (\"-----BEGIN CERTIFICATE-----\")");
  return certificate;
}

Result<void> read_chain(std::FILE* file, const fs::path& path, KeyPair& pair) {
  for (int count = 0;; ++count) {
    Certificate next(PEM_read_X509(file, nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!next) return {};
    if (count == intermediates_max)
      return wrong(path, "has more than 10 intermediate certificates; name those of one chain only");
    if (!pair.chain) pair.chain = {sk_X509_new_null(), [](STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }};
    if (!pair.chain || sk_X509_push(pair.chain.get(), next.get()) == 0) return wrong(path, "OpenSSL has no memory for it");
    (void)next.release();  // the stack's now
  }
}

Result<PrivateKey> read_key(const fs::path& path) {
  auto file = open_file(path);
  if (!file) return file.error();
  const auto no_pass_phrase = [](char*, int, int, void*) { return 0; };
  PrivateKey key(PEM_read_PrivateKey(file->get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!key) return wrong(path, "has no private key in PEM, or one with a pass phrase; write it without one, mode 600");
  return key;
}

std::string day_of(Timestamp time) { return format_time(time).substr(0, 10); }

}  // namespace

CertificateFacts facts_of(const x509_st& certificate) {
  return {.fingerprint = fingerprint_of(certificate),
          .subject = subject_of(certificate),
          .not_before = time_of(X509_get0_notBefore(&certificate)),
          .not_after = time_of(X509_get0_notAfter(&certificate))};
}

std::string common_name_of(const x509_st& certificate) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return "";
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return "";
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

Result<CertificateFacts> read_certificate(const fs::path& path) {
  const auto file = open_file(path);
  if (!file) return file.error();
  const auto certificate = next_certificate(file->get(), path);
  if (!certificate) return certificate.error();
  return facts_of(**certificate);
}

Result<KeyPair> load_key_pair(const fs::path& certificate, const fs::path& key) {
  const auto file = open_file(certificate);
  if (!file) return file.error();
  auto leaf = next_certificate(file->get(), certificate);
  if (!leaf) return leaf.error();
  KeyPair pair{.certificate = std::move(*leaf), .facts = {}};
  if (auto chain = read_chain(file->get(), certificate, pair); !chain) return chain.error();
  auto private_key = read_key(key);
  if (!private_key) return private_key.error();
  pair.key = std::move(*private_key);
  if (X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    return wrong(key, "is not the key of " + certificate.string() + "; write both of one pair");
  }
  pair.facts = facts_of(*pair.certificate);
  return pair;
}

std::string validity_complaint(const CertificateFacts& facts, Timestamp now) {
  if (now < facts.not_before) return "begins on " + day_of(facts.not_before) + " only; is this computer's clock right?";
  if (now > facts.not_after) return "ended on " + day_of(facts.not_after) + "; renew it";
  return "";
}

}  // namespace weir::gateway
