#include "access/own_certificate.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "access/certificate.h"
#include "access/openssl_pointers.h"

namespace weir::gateway {
namespace {

Error failed(const std::string& what) { return {ErrorCode::io, "server.tls: " + what}; }

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "weir";
}

bool add_extension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  const auto name = host_name();
  auto* subject = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1 &&
         ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z") == 1 &&
         ASN1_TIME_set_string(X509_getm_notAfter(certificate), "20491231235959Z") == 1 &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name,
                       "DNS:" + name + ",DNS:" + name + ".local,DNS:localhost,IP:127.0.0.1,IP:::1") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

/// `write` puts PEM text into a file that only we may read, which then takes its name.
template <class Write>
Result<void> write_file(const std::filesystem::path& path, Write write) {
  const auto fresh = path.string() + ".new";
  const auto before = ::umask(0077);
  File file(std::fopen(fresh.c_str(), "wxe"));
  ::umask(before);
  const bool written = file && write(file.get()) == 1 && std::fflush(file.get()) == 0 && ::fsync(::fileno(file.get())) == 0;
  if (!written || std::rename(fresh.c_str(), path.c_str()) != 0) return failed(path.string() + ": can't be written");
  return {};
}

Result<void> make(const OwnCertificate& files) {
  const PrivateKey key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get())) return failed("OpenSSL makes no key or certificate");
  for (const auto& path : {files.key, files.certificate}) ::unlink((path.string() + ".new").c_str());  // of a start that was cut
  auto kept = write_file(
      files.key, [&](std::FILE* out) { return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  if (!kept) return kept;
  return write_file(files.certificate, [&](std::FILE* out) { return PEM_write_X509(out, certificate.get()); });
}

}  // namespace

Result<OwnCertificate> own_certificate(const std::filesystem::path& folder) {
  OwnCertificate files{.certificate = folder / "certificate.pem", .key = folder / "key.pem"};
  std::error_code ignored;
  std::filesystem::create_directories(folder.parent_path(), ignored);
  ::mkdir(folder.c_str(), 0700);
  if (!std::filesystem::exists(files.certificate, ignored) || !std::filesystem::exists(files.key, ignored)) {
    if (auto made = make(files); !made) return made.error();
  }
  const auto facts = read_certificate(files.certificate);
  if (!facts)
    return Error{ErrorCode::invalid, "server.tls: " + facts.error().message + "; remove it and its key: new ones are made"};
  files.fingerprint = facts->fingerprint;
  return files;
}

}  // namespace weir::gateway
