#include "stream/encoded.h"

#include <cassert>

namespace weir::gateway {

EncodedBlock::EncodedBlock(EncodedBlocks& owner, BlockPtr block, Format format)
    : owner_(owner), block_(std::move(block)), format_(format), spans_(block_->records.size()) {
  bytes_ = spans_.size() * (sizeof(Span) + sizeof(Record));
  owner_.bytes_ += bytes_;
}

std::string_view EncodedBlock::text(std::size_t index) {
  assert(index < spans_.size());
  Span& span = spans_[index];
  if (span.length == 0) encode(index, span);
  return std::string_view(text_).substr(span.begin, span.length);
}

void EncodedBlock::encode(std::size_t index, Span& span) {
  const std::size_t capacity = text_.capacity();
  span.begin = static_cast<std::uint32_t>(text_.size());
  append(text_, format_, block_->records[index]);
  span.length = static_cast<std::uint32_t>(text_.size() - span.begin);
  const std::size_t grown = text_.capacity() - capacity;
  bytes_ += grown;
  owner_.bytes_ += grown;
  ++owner_.encoded_;
}

EncodedBlock& EncodedBlocks::of(const BlockPtr& block, Format format) {
  auto [entry, is_new] = blocks_.try_emplace(block.get());
  auto& encoded = entry->second[static_cast<std::size_t>(format)];
  if (is_new) order_.push_back(block.get());
  if (!encoded) {
    encoded = std::make_unique<EncodedBlock>(*this, block, format);
    make_room(block.get());
  }
  return *encoded;
}

void EncodedBlocks::make_room(const Block* keep) {
  while (bytes_ > bytes_max_ && order_.front() != keep) {
    const auto oldest = blocks_.find(order_.front());
    for (const auto& encoded : oldest->second) bytes_ -= encoded ? encoded->bytes_ : 0;
    blocks_.erase(oldest);
    order_.pop_front();
    ++released_;
  }
}

}  // namespace weir::gateway
