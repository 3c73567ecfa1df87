#include "server/refusals.h"

namespace weir::gateway {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::connections: return "connections_max";
    case Refusal::connections_per_address: return "connections_per_address_max";
    case Refusal::connections_per_token: return "connections_per_token_max";
    case Refusal::requests_per_token: return "requests_per_second_per_token_max";
    case Refusal::requests_per_address: return "requests_per_second_per_address_max";
    case Refusal::subscriptions: return "subscriptions";
    case Refusal::consumers: return "consumers";
    case Refusal::commands: return "commands";
    case Refusal::sign_in: return "sign_in";
    case Refusal::body: return "body";
    case Refusal::message: return "message";
    case Refusal::pipelined: return "pipelined";
    case Refusal::unauthenticated: return "unauthenticated";
    case Refusal::arrivals_per_address: return "arrivals_per_address";
    case Refusal::handshake: return "handshake";
    case Refusal::head: return "head";
    case Refusal::replies: return "replies";
  }
  return "";
}

}  // namespace weir::gateway
