// Handlers: one function for each route. CONTRACT 4.
//
// Purpose    what routes.cpp points to; each folder file has those of one resource.
// Thread     the server's. None of them blocks: what must wait becomes an Exchange.
// Ownership  none.
// Limits     limits.h.
// Errors     problems.
#pragma once

#include "server/dispatch.h"

namespace weir::gateway {

Outcome open_stream(Call& call);             // GET /v1/stream
Outcome push_readings(Call& call);           // POST /v1/readings
Outcome list_devices(Call& call);            // GET /v1/devices
Outcome show_device(Call& call);             // GET /v1/devices/{device}
Outcome open_history(Call& call);            // GET /v1/history
Outcome list_losses(Call& call);             // GET /v1/losses
Outcome send_command(Call& call);            // POST /v1/devices/{device}/commands
Outcome list_commands(Call& call);           // GET /v1/commands
Outcome show_command(Call& call);            // GET /v1/commands/{id}
Outcome cancel_command(Call& call);          // DELETE /v1/commands/{id}
Outcome list_consumers(Call& call);          // GET /v1/consumers
Outcome put_consumer(Call& call);            // PUT /v1/consumers/{name}
Outcome delete_consumer(Call& call);         // DELETE /v1/consumers/{name}
Outcome show_session(Call& call);            // GET /v1/session
Outcome sign_in(Call& call);                 // POST /v1/session
Outcome sign_out(Call& call);                // DELETE /v1/session
Outcome list_sessions(Call& call);           // GET /v1/sessions
Outcome end_other_session(Call& call);       // DELETE /v1/sessions/{id}
Outcome change_own_pass_phrase(Call& call);  // POST /v1/session/pass-phrase
Outcome list_users(Call& call);              // GET /v1/users
Outcome show_user(Call& call);               // GET /v1/users/{name}
Outcome add_user(Call& call);                // POST /v1/users
Outcome change_user(Call& call);             // POST /v1/users/{name}
Outcome remove_user(Call& call);             // DELETE /v1/users/{name}
Outcome list_tokens(Call& call);             // GET /v1/tokens
Outcome show_token(Call& call);              // GET /v1/tokens/{name}
Outcome add_token(Call& call);               // POST /v1/tokens
Outcome change_token(Call& call);            // POST /v1/tokens/{name}
Outcome revoke_token(Call& call);            // DELETE /v1/tokens/{name}
Outcome show_status(Call& call);             // GET /v1/status
Outcome make_ticket(Call& call);             // POST /v1/tickets
Outcome list_audit(Call& call);              // GET /v1/audit
Outcome security_txt(Call& call);            // GET /.well-known/security.txt
Outcome security_policy(Call& call);         // GET /.well-known/security-policy.txt
Outcome health(Call& call);                  // GET /healthz
Outcome readiness(Call& call);               // GET /readyz
Outcome metrics(Call& call);                 // GET /metrics
Outcome serve_asset(Call& call);             // GET of the descriptions and everything else

}  // namespace weir::gateway
