// PahoSocket: which socket Paho made for a client, so that a message can be left unacknowledged.
//
// Purpose    Paho sends the PUBACK when the message handler returns, whatever it returns; there is no manual
//            acknowledgement (paho.mqtt.cpp #353) and disconnect() is queued behind it. What stops a PUBACK is a socket that
//            is shut down before the handler returns. Paho names the socket only in its trace of the CONNACK, so that line is
//            read.
// Thread     Watch on any thread; of_last_connack() on the thread, and within the callback, that tells of the connection.
// Ownership  the socket stays Paho's; its handlers run under Paho's lock, so it can't be closed meanwhile.
// Limits     the trace is on while a connection is being made and off otherwise (which also saves Paho's time).
// Errors     -1 where no such line was seen: the caller must not use that connection.
#pragma once

#include <string>

namespace weir::firmware::paho_socket {

/// The trace is on while one of these lives.
class Watch {
 public:
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
};

int of_last_connack(const std::string& client_id);

/// Nothing more is sent on it or received from it; Paho finds out and reports the connection as lost.
void shut_down(int socket);

}  // namespace weir::firmware::paho_socket
