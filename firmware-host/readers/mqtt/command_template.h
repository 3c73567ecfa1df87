// CommandTemplate: a command's payload in a device's own words, as Home Assistant, Zigbee2MQTT and Tasmota have them.
//
// Purpose    `{"state": "{args.state}"}` or `{args.value}`: placeholders are {id}, {device}, {command}, {args} and {args.NAME}.
// Thread     const after construction: any thread.
// Ownership  its template.
// Limits     those of the arguments.
// Errors     compile() says what is wrong with the template. expand() can't fail and can't be broken out of: a template that is
//            JSON is filled in as a document, never as text. A string that is one placeholder becomes the value itself (a number
//            stays one); a member whose argument was left out goes; what is no JSON is text, with values in their place.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "reading/command.h"

namespace weir::firmware {

class CommandTemplate {
 public:
  static Result<CommandTemplate> compile(const std::string& text);

  bool empty() const { return text_.empty(); }
  std::string expand(const Command& command) const;

 private:
  std::string text_;
  std::shared_ptr<const nlohmann::json> document_;  // null: plain text
};

}  // namespace weir::firmware
