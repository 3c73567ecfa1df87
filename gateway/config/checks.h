// Checks: what single keys can't know: keys that need each other, exclude each other, or may occur once only.
//
// Purpose    the second half of loading; the rows of fields.cpp have checked each key by itself.
// Thread     belongs to one load.
// Limits     none.
// Errors     reported to Faults by key. A key with a fault of its own is not judged again.
#pragma once

#include "config/config.h"
#include "config/faults.h"

namespace weir::gateway {

/// Everything below; it also fills in what follows from other keys (`decode = "wire"` for wire frames).
void check_config(Config& config, Faults& faults);

void check_server(ServerOptions& server, Faults& faults);
void check_readers(Config& config, Faults& faults);
void check_mqtt(const firmware::MqttOptions& mqtt, const std::string& key, Faults& faults);
void check_serial(firmware::SerialOptions& serial, const std::string& key, Faults& faults);
void check_declared(const std::vector<DeclaredCommand>& declared, const std::string& key, Faults& faults);

/// `wildcards`: how many levels `{N}` may name.
void check_mapping(const firmware::Mapping& mapping, const std::string& key, unsigned wildcards, Faults& faults);

/// A file that holds a secret: there, readable by us, and not by everybody.
void check_private_file(const std::string& path, const std::string& key, Faults& faults);
void check_public_file(const std::string& path, const std::string& key, Faults& faults);

}  // namespace weir::gateway
