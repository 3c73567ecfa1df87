// Certificate: a key and its certificate in PEM files, checked, and what people want to know of it.
//
// Purpose    whom the server shows itself as; the same checks at the start, when files change, and in `weir doctor`.
// Thread     plain values; what OpenSSL counts references of may be shared between threads.
// Ownership  a KeyPair holds its share of OpenSSL's objects.
// Limits     10 intermediate certificates. Keys with a pass phrase are refused: nobody could type it.
// Errors     `invalid`: the file, what is wrong with it, what to do. Source: RFC 5280, RFC 7468.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"

struct evp_pkey_st;
struct stack_st_X509;
struct x509_st;

namespace weir::gateway {

struct CertificateFacts {
  std::string fingerprint;          // SHA-256 of the certificate, "3F:A9:…", as browsers show it
  std::string subject;              // "CN = gateway.plant.example"
  Timestamp not_before, not_after;  // at most what a Timestamp holds
};

struct KeyPair {
  std::shared_ptr<x509_st> certificate;
  std::shared_ptr<evp_pkey_st> key;
  std::shared_ptr<stack_st_X509> chain;  // intermediates, in the file behind the certificate; null: none
  CertificateFacts facts;
};

CertificateFacts facts_of(const x509_st& certificate);

/// The subject's common name; empty where it has none, or more than one.
std::string common_name_of(const x509_st& certificate);

/// The first certificate of a PEM file.
Result<CertificateFacts> read_certificate(const std::filesystem::path& file);

/// Both files, if they belong together.
Result<KeyPair> load_key_pair(const std::filesystem::path& certificate, const std::filesystem::path& key);

/// Empty, or why browsers would refuse it at this time: "ended on 2026-11-21".
std::string validity_complaint(const CertificateFacts& facts, Timestamp now);

}  // namespace weir::gateway
