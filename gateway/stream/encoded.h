// EncodedBlocks: the text of recent records, encoded once and shared by all subscriptions of a thread.
//
// Purpose    a thousand clients at the head cost one encoding; each only copies.
// Thread     belongs to one thread (the server's; each sink's thread has its own).
// Ownership  holds the blocks that it has text of, so that a block's address names it.
// Limits     `bytes_max` of text, tables and blocks; beyond it the block that came first is let go and counted. Records are
//            encoded at their first use, so a narrow filter over a large block costs what it matches.
// Errors     none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "log/record.h"
#include "stream/format.h"

namespace weir::gateway {

class EncodedBlocks;

/// The text of one block in one format. A further form (a preframed one) is one more Format.
class EncodedBlock {
 public:
  EncodedBlock(EncodedBlocks& owner, BlockPtr block, Format format);

  /// The text of block->records[index]; valid until the next call of text().
  std::string_view text(std::size_t index);

 private:
  struct Span {
    std::uint32_t begin = 0, length = 0;  // length 0: not encoded yet
  };
  friend class EncodedBlocks;

  void encode(std::size_t index, Span& span);

  EncodedBlocks& owner_;
  const BlockPtr block_;
  const Format format_;
  std::string text_;
  std::vector<Span> spans_;
  std::size_t bytes_ = 0;  // as counted by the owner
};

class EncodedBlocks {
 public:
  static constexpr std::size_t bytes_max_default = std::size_t{4} << 20U;
  explicit EncodedBlocks(std::size_t bytes_max = bytes_max_default) : bytes_max_(bytes_max) {}
  EncodedBlocks(const EncodedBlocks&) = delete;
  EncodedBlocks& operator=(const EncodedBlocks&) = delete;

  /// Valid until the next call of of().
  EncodedBlock& of(const BlockPtr& block, Format format);

  /// For one pull of one subscription; no pull runs inside another.
  std::string& scratch_text() { return scratch_text_; }
  std::vector<BlockPtr>& scratch_blocks() { return scratch_blocks_; }

  std::size_t bytes() const { return bytes_; }
  std::uint64_t encoded() const { return encoded_; }    // records encoded since start
  std::uint64_t released() const { return released_; }  // blocks let go for the limit

 private:
  friend class EncodedBlock;
  using Entry = std::array<std::unique_ptr<EncodedBlock>, format_count>;

  void make_room(const Block* keep);

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t encoded_ = 0;
  std::uint64_t released_ = 0;
  std::unordered_map<const Block*, Entry> blocks_;
  std::deque<const Block*> order_;  // as they came
  std::string scratch_text_;
  std::vector<BlockPtr> scratch_blocks_;
};

}  // namespace weir::gateway
