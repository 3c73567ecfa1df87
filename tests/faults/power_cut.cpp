#include "faults/power_cut.h"

#include <algorithm>
#include <map>

namespace weir::faults {

/// How a cut chooses: alike for all files, for a disk has its ways.
struct PowerCut::Fate {
  enum class Order { none, all, in_order, each_sector };
  Order order;
  std::size_t last;  // in_order: the steps before it are kept
  bool tear;
};

namespace {

void apply_to(SparseBytes& bytes, const Step& step) {
  if (step.operation == Operation::write) bytes.write(step.offset, step.bytes);
  if (step.operation == Operation::truncate) bytes.resize(step.offset);
}

/// One sector of a file, to which writes are applied one after the other.
struct Sector {
  std::uint64_t begin;
  std::string bytes;

  void apply(const Step& step) {
    const auto from = first(step), to = end(step);
    if (from >= to) return;
    if (step.operation == Operation::write) {
      bytes.replace(from - begin, to - from, step.bytes, from - step.offset, to - from);
    } else {
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from - begin), bytes.end(), '\0');
    }
  }

  /// Some of it: the beginning, the end, bytes here and there, or what nobody ever wrote.
  void tear(const Step& step, Random& random) {
    const auto from = first(step), to = end(step);
    if (from >= to || step.operation != Operation::write) return;
    const auto way = random.below(4);
    const auto middle = from + random.below(to - from + 1);
    for (auto at = from; at < to; ++at) {
      const auto is_new = way == 0 ? at < middle : way == 1 ? at >= middle : random.one_in(2);
      const auto garbage = static_cast<char>(random.next());
      if (way == 3 || is_new) bytes[at - begin] = way == 3 ? garbage : step.bytes[at - step.offset];
    }
  }

  std::uint64_t first(const Step& step) const { return std::max(begin, step.offset); }
  std::uint64_t end(const Step& step) const {
    const auto sector_end = begin + bytes.size();
    return step.operation == Operation::write ? std::min(sector_end, step.offset + step.bytes.size()) : sector_end;
  }
};

}  // namespace

PowerCut::PowerCut(const Trace& trace, Image before, std::uint64_t sector_bytes)
    : trace_(trace), sector_bytes_(sector_bytes), files_(trace.files.size()), untouched_(std::move(before)) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    auto found = untouched_.extract(trace.files[i]);
    if (found.empty()) continue;
    files_[i].exists = files_[i].exists_synced = true;
    files_[i].synced = std::move(found.mapped());
  }
}

void PowerCut::advance_to(std::size_t step) {
  for (; step_ < step; ++step_) apply(trace_.steps[step_]);
}

void PowerCut::apply(const Step& step) {
  if (step.operation == Operation::mark) return;
  auto& file = files_[step.file];
  switch (step.operation) {
    case Operation::open:
      file.exists = true;  // where one of that name was removed and it is not synced, this begins with what that had
      break;
    case Operation::write:
    case Operation::truncate: file.pending.push_back(step_); break;
    case Operation::sync: {
      const auto covered = std::partition_point(file.pending.begin(), file.pending.end(),
                                                [&](std::size_t pending) { return pending < step.offset; });
      for (auto it = file.pending.begin(); it != covered; ++it) apply_to(file.synced, trace_.steps[*it]);
      file.pending.erase(file.pending.begin(), covered);
      file.exists_synced = file.exists;
      if (step.folder) sync_folder();
      break;
    }
    case Operation::remove:
      file.exists = false;
      file.pending.clear();
      if (step.folder) sync_folder();
      break;
    default: break;
  }
}

void PowerCut::sync_folder() {
  for (auto& file : files_) {
    file.exists_synced = file.exists;
    if (!file.exists) file = {};
  }
}

std::uint64_t PowerCut::size_after(const File& file, std::size_t writes) const {
  auto size = file.synced.size();
  for (std::size_t i = 0; i < writes; ++i) {
    const auto& step = trace_.steps[file.pending[i]];
    size = step.operation == Operation::truncate ? step.offset : std::max(size, step.offset + step.bytes.size());
  }
  return size;
}

void PowerCut::keep_sectors(SparseBytes& bytes, const File& file, const Fate& fate, Random& random) const {
  std::map<std::uint64_t, std::vector<const Step*>> touched;
  auto size = file.synced.size();
  for (const auto pending : file.pending) {
    const auto& step = trace_.steps[pending];
    const auto end = step.operation == Operation::write ? step.offset + step.bytes.size() : std::max(size, step.offset);
    for (auto sector = step.offset / sector_bytes_; sector * sector_bytes_ < end; ++sector) touched[sector].push_back(&step);
    size = step.operation == Operation::write ? std::max(size, end) : step.offset;
  }
  for (const auto& [number, steps] : touched) {
    const auto choice = random.below(3);
    const auto kept = choice == 0 ? 0 : choice == 1 ? steps.size() : random.below(steps.size() + 1);
    Sector sector{number * sector_bytes_, bytes.read(number * sector_bytes_, sector_bytes_)};
    for (std::size_t i = 0; i < kept; ++i) sector.apply(*steps[i]);
    if (fate.tear && kept < steps.size() && random.one_in(2)) sector.tear(*steps[kept], random);
    bytes.write(sector.begin, sector.bytes);
  }
}

SparseBytes PowerCut::after_cut(const File& file, const Fate& fate, Random& random) const {
  auto bytes = file.synced;
  auto size = bytes.size();
  switch (fate.order) {
    case Fate::Order::none: break;
    case Fate::Order::all:
    case Fate::Order::in_order:
      for (const auto pending : file.pending) {
        if (fate.order == Fate::Order::all || pending < fate.last) apply_to(bytes, trace_.steps[pending]);
      }
      size = bytes.size();
      break;
    case Fate::Order::each_sector:
      keep_sectors(bytes, file, fate, random);
      size = size_after(file, random.one_in(2) ? file.pending.size() : random.below(file.pending.size() + 1));
      break;
  }
  bytes.resize(size);
  return bytes;
}

Image PowerCut::cut(Random& random) const {
  using Order = Fate::Order;
  constexpr Order orders[] = {Order::none,        Order::all,         Order::in_order,
                              Order::each_sector, Order::each_sector, Order::each_sector};
  Fate fate{orders[random.below(std::size(orders))], 0, random.one_in(2)};
  const auto begin = step_ - std::min<std::size_t>(step_, 200);
  fate.last = begin + random.below(step_ - begin + 1);
  auto image = untouched_;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const auto& file = files_[i];
    if (file.exists == file.exists_synced ? file.exists : random.one_in(2))
      image[trace_.files[i]] = after_cut(file, fate, random);
  }
  return image;
}

Image PowerCut::all_lost() const {
  auto image = untouched_;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].exists_synced) image[trace_.files[i]] = files_[i].synced;
  }
  return image;
}

Image PowerCut::all_kept() const {
  auto image = untouched_;
  Random random(0);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].exists) image[trace_.files[i]] = after_cut(files_[i], {Fate::Order::all, 0, false}, random);
  }
  return image;
}

}  // namespace weir::faults
