#include "server/loop/extension.h"

#include <libwebsockets.h>

#include <cstring>
#include <string_view>

#include "server/loop/copy_request.h"
#include "server/transports/message_deflate.h"

namespace weir::gateway {

#if defined(LWS_WITHOUT_EXTENSIONS)

bool offer_deflate(lws_context_creation_info&) { return false; }

#else

namespace {

int pass(lws_context*, const lws_extension*, lws*, lws_extension_callback_reasons reason, void*, void* in, std::size_t) {
  static const lws_ext_options no_options[] = {{nullptr, EXTARG_NONE}};
  if (reason == LWS_EXT_CB_CONSTRUCT && in != nullptr) *static_cast<const lws_ext_options**>(in) = no_options;
  return 0;
}

}  // namespace

bool offer_deflate(lws_context_creation_info& info) {
  static const lws_extension extensions[] = {{"permessage-deflate", pass, nullptr}, {nullptr, nullptr, nullptr}};
  info.extensions = extensions;
  return true;
}

#endif

bool takes_offer(lws* handle) { return offers_deflate(copy_header(handle, WSI_TOKEN_EXTENSIONS)); }

bool announce(void* arguments) {
  // The library takes parameters only where the client offered them; but what a server promises need not be offered.
  constexpr std::string_view line = "permessage-deflate\r\n";
  constexpr std::string_view rest = "; server_no_context_takeover; client_no_context_takeover\r\n";
  auto& room = *static_cast<lws_process_html_args*>(arguments);
  const std::string_view written(room.p - line.size(), line.size());
  if (written != line || room.max_len < static_cast<int>(rest.size())) return false;
  char* const end = room.p - 2;
  std::memcpy(end, rest.data(), rest.size());
  room.p = end + rest.size();
  room.max_len -= static_cast<int>(rest.size()) - 2;
  return true;
}

}  // namespace weir::gateway
