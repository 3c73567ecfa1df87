// Topics: filters, what their wildcards took, and texts with {N} in them.
//
// Purpose    MQTT matching rules (MQTT 5.0 section 4.7; the same in 3.1.1) and the mapping of levels to names.
// Thread     const after construction: any thread.
// Ownership  Levels are views into the topic that was matched.
// Limits     a topic is at most 65,535 bytes (MQTT 5.0 section 1.5.4).
// Errors     compile() says which placeholder has no wildcard. Shared subscriptions ($share/) are not for readers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::firmware {

using TopicLevels = std::vector<std::string_view>;  // what each + and # took, in order

class TopicFilter {
 public:
  explicit TopicFilter(std::string_view filter);

  /// `levels` is cleared and filled; its storage is reused.
  bool matches(std::string_view topic, TopicLevels& levels) const;
  std::size_t wildcards() const { return wildcards_; }

 private:
  std::vector<std::string> levels_;
  std::size_t wildcards_ = 0;
};

/// "{1}-{2}" with levels a, b is "a-b". Text in braces that is no number stays as it is.
class TopicTemplate {
 public:
  TopicTemplate() = default;
  /// `wildcards`: how many the filter has; `where` names the key for the error.
  static Result<TopicTemplate> compile(std::string_view text, std::size_t wildcards, std::string_view where);

  void expand(const TopicLevels& levels, std::string& out) const;
  /// What a topic puts at the start of a name: a leading '/' would turn the name into a JSON pointer.
  bool begins_with_level() const { return !parts_.empty() && parts_.front().level > 0; }

 private:
  struct Part {
    std::string text;       // when level is 0
    std::size_t level = 0;  // from 1
  };
  std::vector<Part> parts_;
};

}  // namespace weir::firmware
