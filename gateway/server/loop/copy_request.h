// copy_request: everything that we want of a request, out of the library's header table.
//
// Purpose    the table is small, shared and gone after the first answer byte or the upgrade: copy first.
// Thread     the server's, inside the callback that announces the request.
// Ownership  the copy owns its strings.
// Limits     limits::http_header_bytes_max for the whole head; beyond it the library ends the connection.
// Errors     nothing where the method is none of ours.
#pragma once

#include <optional>
#include <string>

#include "server/http/request.h"

struct lws;

namespace weir::gateway {

std::optional<Request> copy_request(lws* handle);

/// One header of it; `token`: the library's lws_token_indexes.
std::string copy_header(lws* handle, int token);

}  // namespace weir::gateway
