#include "server/dispatch.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

/// The first that matches counts.
constexpr Route table[] = {
    {Method::get, "/v1/stream", Right::read, open_stream, "*"},
    {Method::post, "/v1/readings", Right::ingest, push_readings},
    {Method::get, "/v1/devices", Right::read, list_devices},
    {Method::get, "/v1/history", Right::read, open_history, "*"},
    {Method::get, "/v1/losses", Right::read, list_losses, "*"},
    {Method::post, "/v1/devices/{device}/commands", Right::command, send_command, "wait"},
    {Method::get, "/v1/devices/{device}", Right::read, show_device},
    {Method::get, "/v1/commands", Right::read, list_commands, "device,state"},
    {Method::get, "/v1/commands/{id}", Right::read, show_command},
    {Method::delete_, "/v1/commands/{id}", Right::command, cancel_command},
    {Method::get, "/v1/consumers", Right::read, list_consumers, "", Rule::whole},
    {Method::put, "/v1/consumers/{name}", Right::read, put_consumer},
    {Method::delete_, "/v1/consumers/{name}", Right::command, delete_consumer},
    {Method::get, "/v1/session", Right::read, show_session},
    {Method::post, "/v1/session", std::nullopt, sign_in, "", Rule::first},
    {Method::delete_, "/v1/session", std::nullopt, sign_out},
    {Method::post, "/v1/session/pass-phrase", Right::read, change_own_pass_phrase},
    {Method::get, "/v1/sessions", Right::read, list_sessions},
    {Method::delete_, "/v1/sessions/{id}", Right::read, end_other_session},
    {Method::get, "/v1/tokens", Right::administer, list_tokens},
    {Method::post, "/v1/tokens", Right::administer, add_token},
    {Method::get, "/v1/tokens/{name}", Right::administer, show_token},
    {Method::post, "/v1/tokens/{name}", Right::administer, change_token},
    {Method::delete_, "/v1/tokens/{name}", Right::administer, revoke_token},
    {Method::get, "/v1/users", Right::administer, list_users},
    {Method::post, "/v1/users", Right::administer, add_user},
    {Method::get, "/v1/users/{name}", Right::administer, show_user},
    {Method::post, "/v1/users/{name}", Right::administer, change_user},
    {Method::delete_, "/v1/users/{name}", Right::administer, remove_user},
    {Method::get, "/v1/status", Right::read, show_status, "", Rule::whole},
    {Method::post, "/v1/tickets", Right::read, make_ticket},
    {Method::get, "/v1/audit", Right::administer, list_audit, "after,before,limit,who,action,target"},
    {Method::get, "/healthz", std::nullopt, health, "", Rule::first},
    {Method::get, "/readyz", std::nullopt, readiness, "", Rule::first},
    {Method::get, "/metrics", Right::read, metrics, "", Rule::whole},
    {Method::get, "/.well-known/security.txt", std::nullopt, security_txt, "", Rule::first},
    {Method::get, "/.well-known/security-policy.txt", std::nullopt, security_policy, "", Rule::first},
    {Method::get, "/openapi.json", std::nullopt, serve_asset, "*"},
    {Method::get, "/asyncapi.json", std::nullopt, serve_asset, "*"},
    {Method::get, "/", std::nullopt, serve_asset, "*", Rule::first},
    {Method::get, "/{asset}", std::nullopt, serve_asset, "*", Rule::first},
};

}  // namespace

std::span<const Route> routes() { return table; }

}  // namespace weir::gateway
