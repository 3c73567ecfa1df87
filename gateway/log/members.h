// MembersWriter: the JSON members of an event, in order.
//
// Purpose    `"device":"boiler","state":"online"`: what Event::members holds.
// Thread     belongs to one thread.
// Limits     none of its own: names and texts were checked where they came in.
// Errors     none.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace weir::gateway {

class MembersWriter {
 public:
  MembersWriter& text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(members_, value);
    return *this;
  }
  MembersWriter& text_unless_empty(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  MembersWriter& number(std::string_view name, std::uint64_t value) { return json(name, std::to_string(value)); }
  MembersWriter& time(std::string_view name, Timestamp value) { return text(name, format_time(value)); }
  MembersWriter& json(std::string_view name, std::string_view value) {
    begin(name);
    members_ += value;
    return *this;
  }
  std::string take() { return std::move(members_); }

 private:
  void begin(std::string_view name) {
    if (!members_.empty()) members_ += ',';
    members_ += '"';
    members_ += name;
    members_ += "\":";
  }
  std::string members_;
};

}  // namespace weir::gateway
