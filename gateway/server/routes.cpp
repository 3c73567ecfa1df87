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
    {Method::get, "/v1/consumers", Right::read, list_consumers},
    {Method::put, "/v1/consumers/{name}", Right::read, put_consumer},
    {Method::delete_, "/v1/consumers/{name}", Right::read, delete_consumer},
    {Method::get, "/v1/session", Right::read, show_session},
    {Method::post, "/v1/session", std::nullopt, sign_in},
    {Method::delete_, "/v1/session", std::nullopt, sign_out},
    {Method::get, "/v1/status", Right::read, show_status},
    {Method::post, "/v1/tickets", Right::read, make_ticket},
    {Method::get, "/v1/audit", Right::administer, list_audit, "after,before,limit,who,action,target"},
    {Method::get, "/healthz", std::nullopt, health},
    {Method::get, "/readyz", std::nullopt, readiness},
    {Method::get, "/metrics", Right::read, metrics},
    {Method::get, "/.well-known/security.txt", std::nullopt, security_txt},
    {Method::get, "/.well-known/security-policy.txt", std::nullopt, security_policy},
    {Method::get, "/openapi.json", std::nullopt, serve_asset, "*"},
    {Method::get, "/asyncapi.json", std::nullopt, serve_asset, "*"},
    {Method::get, "/", std::nullopt, serve_asset, "*"},
    {Method::get, "/{asset}", std::nullopt, serve_asset, "*"},
};

}  // namespace

std::span<const Route> routes() { return table; }

}  // namespace weir::gateway
