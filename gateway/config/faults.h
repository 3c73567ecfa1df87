// Faults: what is wrong with a configuration, and where every key of it stands.
//
// Purpose    the loader and the checks report here by key; the place is looked up, so checks know nothing of TOML.
// Thread     belongs to one load.
// Ownership  owns its faults until take().
// Limits     the first 1,000 faults are kept.
// Errors     it is the errors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/field.h"

namespace weir::gateway {

class Faults {
 public:
  /// Notes where a key stands. Keys are as people write them: "mqtt[0].subscribe[1].qos".
  void place(const std::string& key, std::uint32_t line, std::uint32_t column);
  bool placed(const std::string& key) const { return places_.contains(key); }

  /// At the key's place, or at that of the nearest table around it.
  void add(const std::string& key, std::string what, std::string remedy);
  void add(const std::string& key, Complaint complaint) { add(key, std::move(complaint.what), std::move(complaint.remedy)); }
  void add_at(std::uint32_t line, std::uint32_t column, const std::string& key, std::string what, std::string remedy);

  bool has(const std::string& key) const;  // this key has a fault already: no need to look further at it

  /// In the order of the file.
  std::vector<Fault> take();

 private:
  struct Place {
    std::uint32_t line = 0, column = 0;
  };
  std::map<std::string, Place, std::less<>> places_;
  std::vector<Fault> faults_;
};

std::string key_in(const std::string& table, std::string_view key);
std::string key_at(const std::string& list, std::size_t index);

}  // namespace weir::gateway
