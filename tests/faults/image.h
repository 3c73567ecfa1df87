// Image: the files of a folder as bytes, of which the zeros cost nothing.
//
// Purpose    what a power cut leaves, to be laid out as a folder and started from.
// Thread     plain values.
// Ownership  owns the bytes.
// Limits     memory.
// Errors     asserts: a test's own folder can be read and written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace weir::faults {

class SparseBytes {
 public:
  static constexpr std::uint64_t block_bytes = 4096;

  std::uint64_t size() const { return size_; }
  void resize(std::uint64_t size);
  void write(std::uint64_t offset, std::string_view bytes);
  std::string read(std::uint64_t offset, std::uint64_t size) const;               // zeros past the end
  const std::map<std::uint64_t, std::string>& blocks() const { return blocks_; }  // by number; the others are zeros

  friend bool operator==(const SparseBytes& a, const SparseBytes& b);

 private:
  std::uint64_t size_ = 0;
  std::map<std::uint64_t, std::string> blocks_;
};

using Image = std::map<std::string, SparseBytes>;

Image read_folder(const std::filesystem::path& folder);
/// The folder then has exactly these files.
void write_folder(const Image& image, const std::filesystem::path& folder);

}  // namespace weir::faults
