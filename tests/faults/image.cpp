#include "faults/image.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <fstream>
#include <iterator>

namespace weir::faults {

namespace {

bool all_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

void write_file(const SparseBytes& bytes, const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool done = fd >= 0 && ::ftruncate(fd, static_cast<off_t>(bytes.size())) == 0;
  for (const auto& [number, block] : bytes.blocks()) {
    const auto offset = number * SparseBytes::block_bytes;
    const auto size = std::min<std::uint64_t>(block.size(), bytes.size() - offset);
    done = done && ::pwrite(fd, block.data(), size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
  }
  if (fd >= 0) ::close(fd);
  if (!done) std::abort();  // no room for the test itself
}

}  // namespace

void SparseBytes::resize(std::uint64_t size) {
  if (size < size_) {
    blocks_.erase(blocks_.lower_bound((size + block_bytes - 1) / block_bytes), blocks_.end());
    if (const auto last = blocks_.find(size / block_bytes); last != blocks_.end())
      std::fill(last->second.begin() + static_cast<std::ptrdiff_t>(size % block_bytes), last->second.end(), '\0');
  }
  size_ = size;
}

void SparseBytes::write(std::uint64_t offset, std::string_view bytes) {
  size_ = std::max(size_, offset + bytes.size());
  while (!bytes.empty()) {
    const auto within = offset % block_bytes;
    const auto part = bytes.substr(0, block_bytes - within);
    auto block = blocks_.find(offset / block_bytes);
    if (block == blocks_.end() && !all_zero(part))
      block = blocks_.emplace(offset / block_bytes, std::string(block_bytes, '\0')).first;
    if (block != blocks_.end()) block->second.replace(within, part.size(), part);
    offset += part.size();
    bytes.remove_prefix(part.size());
  }
}

std::string SparseBytes::read(std::uint64_t offset, std::uint64_t size) const {
  std::string out(size, '\0');
  const auto end = offset + size;
  for (auto block = blocks_.lower_bound(offset / block_bytes); block != blocks_.end(); ++block) {
    const auto begin = block->first * block_bytes;
    if (begin >= end) break;
    const auto from = std::max(begin, offset), to = std::min(begin + block_bytes, end);
    out.replace(from - offset, to - from, block->second, from - begin, to - from);
  }
  return out;
}

bool operator==(const SparseBytes& a, const SparseBytes& b) {
  return a.size() == b.size() && a.read(0, a.size()) == b.read(0, b.size());
}

Image read_folder(const std::filesystem::path& folder) {
  Image image;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    image[entry.path().filename().string()].write(0, std::string(std::istreambuf_iterator<char>(in), {}));
  }
  return image;
}

void write_folder(const Image& image, const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!image.contains(entry.path().filename().string())) std::filesystem::remove(entry.path());
  }
  for (const auto& [name, bytes] : image) write_file(bytes, folder / name);
}

}  // namespace weir::faults
