#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/local_access.h"
#include "cli/subcommands.h"
#include "log/backup.h"
#include "log/verify.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

std::optional<std::filesystem::path> log_of(const Arguments& arguments, Environment& environment, int& code) {
  const auto config = local_config(arguments, environment, code);
  if (!config) return std::nullopt;
  return config->log.file;
}

std::string cursor(std::uint32_t epoch, std::uint64_t seq) { return to_string(Cursor{epoch, seq}); }

ordered_json to_json(const std::filesystem::path& file, const Verified& verified) {
  ordered_json findings = ordered_json::array();
  for (const Finding& finding : verified.findings) findings.push_back({{"where", finding.where}, {"what", finding.what}});
  return {{"file", file.string()},
          {"sound", verified.sound()},
          {"head", cursor(verified.epoch, verified.head)},
          {"partitions", verified.partitions},
          {"segments", verified.segments},
          {"records", verified.records},
          {"rollups", verified.rollups},
          {"journal_records", verified.journal_records},
          {"damaged", verified.damaged},
          {"findings", findings}};
}

void print(Environment& environment, const std::filesystem::path& file, const Verified& verified) {
  environment.out << file.string() << ": " << verified.records << " records in " << verified.partitions << " partitions, "
                  << verified.rollups << " rollups, " << verified.journal_records << " records in the journal, up to "
                  << cursor(verified.epoch, verified.head) << "\n";
  for (const Finding& finding : verified.findings)
    environment.out << "damaged: " << finding.where << ": " << finding.what << "\n";
  if (verified.damaged > verified.findings.size())
    environment.out << "and " << verified.damaged - verified.findings.size() << " more\n";
  environment.out << (verified.sound() ? "sound\n" : "");
}

int verify(const std::filesystem::path& file, bool json, Environment& environment) {
  const auto verified = verify_log(file);
  if (!verified) return complain(environment, verified.error());
  if (json) environment.out << to_json(file, *verified).dump() << "\n";
  if (!json) print(environment, file, *verified);
  if (verified->sound()) return done;
  environment.err << "weir: " << file.string()
                  << ": is damaged. What is not named above is sound, and the gateway goes on with it; `weir restore` puts a "
                     "backup in its place\n";
  return failed;
}

}  // namespace

int run_backup(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto log = log_of(arguments, environment, code);
  if (!log) return code;
  const std::string& to = arguments.operands[0];
  const auto backup = back_up(*log, to, SystemClock());
  if (!backup) return complain(environment, backup.error());
  const std::string head = cursor(backup->epoch, backup->head);
  if (arguments.has("json")) {
    environment.out << ordered_json({{"file", to}, {"head", head}, {"bytes", backup->bytes}}).dump() << "\n";
  } else {
    environment.out << to << ": the log up to " << head << ", " << backup->bytes << " bytes\n";
  }
  return done;
}

int run_restore(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto log = log_of(arguments, environment, code);
  if (!log) return code;
  const std::string& from = arguments.operands[0];
  const auto verified = verify_log(from);
  if (!verified) return complain(environment, verified.error());
  if (!verified->sound()) {
    print(environment, from, *verified);
    return complain(environment, {ErrorCode::invalid, from + ": is damaged and is not restored; take another backup"});
  }
  const auto restored = restore(from, *log, SystemClock().wall());
  if (!restored) return complain(environment, restored.error());
  const std::string head = cursor(restored->epoch, restored->head);
  if (arguments.has("json")) {
    environment.out << ordered_json({{"log", log->string()}, {"head", head}, {"aside", restored->aside.string()}}).dump() << "\n";
    return done;
  }
  environment.out << log->string() << ": restored up to " << head << "; a new epoch: cursors from before get a gap\n";
  if (!restored->aside.empty()) {
    environment.out << "The log from before is kept as " << restored->aside.string() << "; remove it when it is not needed\n";
  }
  return done;
}

int run_log_verify(const Arguments& arguments, Environment& environment) {
  if (!arguments.operands.empty()) return verify(arguments.operands[0], arguments.has("json"), environment);
  int code = done;
  const auto log = log_of(arguments, environment, code);
  return log ? verify(*log, arguments.has("json"), environment) : code;
}

}  // namespace weir::gateway::cli
