#include "access/audit.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "access/audit_file.h"
#include "base/log_line.h"

namespace weir::gateway {
namespace {

struct Task {
  WaitingRow row;
  Audit::Done done;  // of a row; none: a note
  AuditQuery query;
  std::function<void(Result<AuditPage>)> answer;  // of a reading
};

Error queue_full() {
  return {ErrorCode::full,
          "the audit has " + std::to_string(audit_limits::queue_max) + " rows waiting for the disk; nothing was done: try again"};
}

class ThreadedAudit final : public Audit {
 public:
  ThreadedAudit(std::filesystem::path data_dir, const Clock& clock, AuditOptions options)
      : data_dir_(std::move(data_dir)), clock_(clock), options_(std::move(options)), file_(data_dir_, options_) {
    stats_.size_max = options_.size_max;
  }

  ~ThreadedAudit() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> start() {
    if (auto prepared = file_.prepare(); !prepared) return prepared;
    auto opened = file_.append({});  // mends what a power cut left
    if (!opened) return opened.error();
    count(*opened);
    thread_ = std::thread([this] { run(); });
    return {};
  }

  void append(AuditEntry entry, Done done) override {
    if (push({{now(), std::move(entry)}, done, {}, {}})) return;
    count_refused(1);
    done(queue_full());
  }

  void note(AuditEntry entry) override {
    if (push({{now(), std::move(entry)}, {}, {}, {}})) return;
    std::lock_guard lock(mutex_);
    ++stats_.lost;
    ++lost_untold_;
  }

  void read(AuditQuery query, std::function<void(Result<AuditPage>)> done) override {
    if (!push({{}, {}, std::move(query), done})) done(queue_full());
  }

  AuditStats stats() const override {
    std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  AuditMoment now() const { return {clock_.wall(), clock_.monotonic()}; }

  bool push(Task task) {
    {
      std::lock_guard lock(mutex_);
      if (tasks_.size() >= audit_limits::queue_max) return false;
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
    return true;
  }

  void run() {
    for (;;) {
      std::vector<Task> tasks;
      std::uint64_t lost = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        tasks.swap(tasks_);
        lost = std::exchange(lost_untold_, 0);
      }
      write(tasks, lost);
      for (Task& task : tasks) {
        if (task.answer) task.answer(read_audit(data_dir_, task.query));
      }
    }
  }

  void write(const std::vector<Task>& tasks, std::uint64_t lost) {
    std::vector<WaitingRow> rows;
    if (lost > 0)
      rows.push_back({now(), {"weir", "local", "audit.lost", "", "", "", std::to_string(lost) + " notes: the queue was full"}});
    for (const Task& task : tasks) {
      if (!task.answer) rows.push_back(task.row);
    }
    if (rows.empty()) return;
    auto written = file_.append(rows);
    if (written) count(*written);
    if (!written) count_refused(rows.size());
    for (const Task& task : tasks) {
      if (task.done) task.done(written ? Result<void>() : Result<void>(written.error()));
    }
    if (!written || !options_.forward) return;
    for (const std::string& row : written->rows) options_.forward(row);
  }

  void count(const AuditWritten& written) {
    std::lock_guard lock(mutex_);
    stats_.rows += written.rows.size();
    stats_.mended += written.mended;
    stats_.dropped += written.dropped;
    stats_.bytes = written.bytes;
    if (written.seq != 0) stats_.seq = written.seq;
    warn_when_filling();
  }

  /// Once, at four fifths: the oldest rows can still be put elsewhere.
  void warn_when_filling() {
    if (stats_.bytes < options_.size_max / 5 * 4 || std::exchange(warned_, true)) return;
    log_line(Severity::warning, "audit",
             "has " + std::to_string(stats_.bytes) + " of " + std::to_string(options_.size_max) +
                 " bytes; at the limit the oldest file goes: keep its rows with `weir audit list --json`");
  }

  void count_refused(std::uint64_t rows) {
    std::lock_guard lock(mutex_);
    stats_.refused += rows;
  }

  const std::filesystem::path data_dir_;
  const Clock& clock_;
  const AuditOptions options_;
  AuditFile file_;  // of start(), then of thread_
  std::thread thread_;

  mutable std::mutex mutex_;  // protects all below
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  std::uint64_t lost_untold_ = 0;
  AuditStats stats_;
  bool stopping_ = false;
  bool warned_ = false;
};

}  // namespace

Result<std::unique_ptr<Audit>> Audit::open(const std::filesystem::path& data_dir, const Clock& clock, AuditOptions options) {
  auto audit = std::make_unique<ThreadedAudit>(data_dir, clock, std::move(options));
  if (auto started = audit->start(); !started) return started.error();
  return std::unique_ptr<Audit>(std::move(audit));
}

Result<void> Audit::append_and_wait(AuditEntry entry) {
  std::promise<Result<void>> written;
  append(std::move(entry), [&written](Result<void> result) { written.set_value(std::move(result)); });
  return written.get_future().get();
}

}  // namespace weir::gateway
