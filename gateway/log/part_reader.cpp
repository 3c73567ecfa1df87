#include "log/part_reader.h"

namespace weir::gateway {

Result<bool> PartReader::next() {
  auto payload = reader_.next();
  if (!payload) return payload.error();
  if (payload->empty()) return false;
  auto entry = decode_entry(*payload);
  if (!entry) return entry.error();
  entry_ = std::move(*entry);
  if (learner_ != nullptr) learner_->restore(entry_);
  records_.clear();
  const auto header = decode_segment(entry_.records, entry_.first_seq, names_, records_);
  if (!header) return header.error();
  commit_ = header->commits.empty() ? Commit{} : header->commits.front();
  return true;
}

}  // namespace weir::gateway
