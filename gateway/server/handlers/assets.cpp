#include <algorithm>

#include "dashboard/assets.h"
#include "server/api/descriptions.h"
#include "server/handlers/handlers.h"
#include "server/http/coding.h"

namespace weir::gateway {
namespace {

// Everything comes from this gateway; charts set sizes from script, which the policy does not concern.
constexpr std::string_view content_security_policy =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

std::string_view view(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

const Asset* find_asset(std::string_view path) {
  for (const auto assets : {dashboard_assets(), api_descriptions()}) {
    const auto found = std::find_if(assets.begin(), assets.end(), [path](const Asset& asset) { return asset.path == path; });
    if (found != assets.end()) return &*found;
  }
  return nullptr;
}

Response describe(const Asset& asset) {
  Response response;
  response.with("Content-Type", asset.content_type).with("ETag", asset.etag).with("Vary", "Accept-Encoding");
  response.with("Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.with("Content-Security-Policy", content_security_policy).with("Referrer-Policy", "no-referrer");
  return response;
}

}  // namespace

Outcome serve_asset(Call& call) {
  const Asset* found = find_asset(call.request.path);
  if (found == nullptr) return problem(404, "nothing is at this path");
  Response response = describe(*found);
  if (unchanged(call.request.if_none_match, found->etag)) {
    response.status = 304;
    return response;
  }
  const bool compressed = !found->gzip.empty() && negotiate_coding(call.request.accept_encoding) != Coding::identity;
  if (compressed) response.with("Content-Encoding", "gzip");
  response.constant_body = view(compressed ? found->gzip : found->identity);
  return response;
}

}  // namespace weir::gateway
