#include <algorithm>
#include <ostream>

#include "cli/command.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using Options = std::vector<Option>;

constexpr Option config_option{"config", "FILE", "the configuration; /etc/weir/weir.toml where it is not named"};
constexpr Option json_option{"json", "", "the answer as JSON"};

/// Those of every command that asks a running gateway, and its own.
Options client_options(Options own) {
  own.push_back({"url", "URL", "the gateway; WEIR_URL, else http://127.0.0.1:8080"});
  own.push_back({"token", "TOKEN", "the right to ask; better in WEIR_TOKEN, for others see command lines"});
  own.push_back({"ca", "FILE", "https: whom to trust (PEM), as a gateway's own certificate"});
  own.push_back(json_option);
  return own;
}

Options record_options(Options own) {
  Options options = {{"devices", "GLOBS", "these devices only, as \"boiler*,pump-1\""},
                     {"metrics", "GLOBS", "these metrics only"},
                     {"kinds", "KINDS", "reading, command, device, alarm, loss, system, or *"},
                     {"after", "CURSOR", "from the record after it, `earliest` or `now`"},
                     {"since", "TIME", "from what was received at this time (RFC 3339) on"}};
  options.insert(options.end(), own.begin(), own.end());
  return client_options(options);
}

/// They work on this machine's files themselves.
std::vector<Command> commands_of_this_machine() {
  return {
      {"run", "", "the gateway, in the foreground",
       Options{config_option, {"print-config", "", "print what is in force, secrets masked, and end"}}, 0, 0, run_daemon},
      {"check", "FILE", "finds every fault of a configuration, then says what would listen where for whom", Options{json_option},
       1, 1, run_check},
      {"doctor", "", "whether this computer lets the gateway do what its configuration says, and what to do where it does not",
       Options{config_option, json_option}, 0, 0, run_doctor},
      {"schema", "", "the configuration's JSON Schema",
       Options{{"markdown", "", "the reference for people instead"}, json_option}, 0, 0, run_schema},
      {"token add", "", "a new token, printed once; the gateway may run or not",
       Options{config_option,
               {"name", "NAME", "whose it is", true},
               {"role", "ROLE", "viewer, operator, admin or ingest", true},
               {"devices", "GLOBS", "these devices only, as \"boiler*,pump-1\""},
               {"kinds", "KINDS", "these kinds of records only, as reading,command"},
               {"expires", "WHEN", "a time (RFC 3339), or from now as 90d"},
               json_option},
       0, 0, run_token_add},
      {"token list", "", "the tokens, without their secrets", Options{config_option, json_option}, 0, 0, run_token_list},
      {"token revoke", "", "ends a token and what it opened",
       Options{config_option, {"name", "NAME", "whose it is", true}, json_option}, 0, 0, run_token_revoke},
      {"user add", "", "somebody who signs in with a pass phrase, which is asked for, or read from the standard input",
       Options{config_option, {"name", "NAME", "who", true}, {"role", "ROLE", "viewer, operator or admin", true}, json_option}, 0,
       0, run_user_add},
      {"user list", "", "who may sign in with a pass phrase", Options{config_option, json_option}, 0, 0, run_user_list},
      {"user remove", "", "ends a user's sessions and lets nobody in by this name",
       Options{config_option, {"name", "NAME", "who", true}, json_option}, 0, 0, run_user_remove},
      {"user passphrase", "", "a new pass phrase for a user, whose sessions end",
       Options{config_option, {"name", "NAME", "who", true}, json_option}, 0, 0, run_user_passphrase},
      {"pair", "", "a new one-time code to sign in to the dashboard, for 10 minutes", Options{config_option, json_option}, 0, 0,
       run_pair},
      {"backup", "FILE", "the whole log as one file, of this moment; the gateway may run or not",
       Options{config_option, json_option}, 1, 1, run_backup},
      {"restore", "FILE", "checks a backup and puts it in the place of the log, which is set aside; the gateway must not run",
       Options{config_option, json_option}, 1, 1, run_restore},
      {"log verify", "[FILE]", "reads all of the log, or of a backup, and says what is damaged; the gateway may run or not",
       Options{config_option, json_option}, 0, 1, run_log_verify},
      {"audit verify", "", "reads all of the audit and names the first row that was changed, removed, inserted or moved",
       Options{config_option, json_option}, 0, 0, run_audit_verify},
      {"audit list", "", "who did what, from where, and what came of it; oldest first",
       Options{config_option,
               {"who", "GLOB", "of these only, as \"token:*\""},
               {"action", "GLOB", "these actions only, as \"token.*\""},
               {"target", "GLOB", "what it was done to"},
               json_option},
       0, 0, run_audit_list},
      {"audit tail", "", "the newest 20 rows of the audit", Options{config_option, json_option}, 0, 0, run_audit_tail},
  };
}

std::vector<Command> clients_of_the_api() {
  return {
      {"tail", "", "follows the stream; goes on by itself where a connection was cut",
       record_options({{"snapshot", "", "the newest reading of each series first"}, {"count", "N", "end after N records"}}), 0, 0,
       run_tail},
      {"devices", "[DEVICE]", "the devices, or the series of one", client_options({}), 0, 1, run_devices},
      {"status", "", "the gateway at a glance: readers, log, flash, losses, clock",
       client_options({{"endurance", "SIZE", "what its card may be written, as 10TB: how long it lasts at this rate"}}), 0, 0,
       run_status},
      {"history", "DEVICE METRIC", "a series between two times: minimum, mean, maximum, last",
       client_options({{"from", "TIME", "RFC 3339, or back from now as -7d; -24h where it is not named"},
                       {"to", "TIME", "the same; now where it is not named"},
                       {"points", "N", "at most so many rows, 1 to 10000; 0: every reading"},
                       {"csv", "", "for a spreadsheet; gaps are rows without a value"}}),
       2, 2, run_history},
      {"losses", "", "what was lost and why, newest first",
       client_options({{"device", "DEVICE", "of this device only"},
                       {"metric", "METRIC", "of this metric only"},
                       {"reason", "REASON", "for this reason only, as full, expired or undecodable"},
                       {"since", "TIME", "RFC 3339, or back from now as -7d"}}),
       0, 0, run_losses},
      {"send", "DEVICE COMMAND [key=value…]", "sends a command and waits for what comes of it",
       client_options({{"timeout", "DURATION", "how long the device may take; 10s"},
                       {"confirm", "COMMAND", "the command's name again, for a dangerous one"}}),
       2, any_number, run_send},
      {"export", "", "the stored records, one JSON object a line, oldest first",
       record_options({{"until", "CURSOR", "up to this record"}}), 0, 0, run_export},
  };
}

const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
  for (used = std::min<std::size_t>(2, words.size()); used > 0; --used) {
    const std::string name = used == 2 ? words[0] + " " + words[1] : words[0];
    for (const Command& command : commands()) {
      if (command.name == name) return &command;
    }
  }
  return nullptr;
}

bool asks_for_help(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::any_of(words.begin(), end, [](const std::string& word) { return word == "--help" || word == "-h"; });
}

/// `weir token`: a name that several commands begin with.
std::vector<Command> family(const std::string& name) {
  std::vector<Command> members;
  for (const Command& command : commands()) {
    if (command.name.starts_with(name + " ")) members.push_back(command);
  }
  return members;
}

int no_such_command(const std::vector<std::string>& words, Environment& environment) {
  const auto members = family(words[0]);
  if (!members.empty() && asks_for_help(words)) {
    environment.out << help_of_all(members);
    return done;
  }
  environment.err << "weir: there is no command \"" << words[0];
  if (!members.empty() && words.size() > 1) environment.err << " " << words[1];
  environment.err << "\"\n\n" << help_of_all(members.empty() ? commands() : members);
  return misused;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table = [] {
    auto all = commands_of_this_machine();
    const auto clients = clients_of_the_api();
    all.insert(all.end(), clients.begin(), clients.end());
    return all;
  }();
  return table;
}

int complain(Environment& environment, const Error& error) {
  environment.err << "weir: " << error.message << "\n";
  return failed;
}

int complain(Environment& environment, const std::vector<Fault>& faults, const std::string& file) {
  for (const Fault& fault : faults) environment.err << to_string(fault, file) << "\n";
  environment.err << "weir: " << faults.size() << (faults.size() == 1 ? " fault\n" : " faults\n");
  return misused;
}

int run_cli(const std::vector<std::string>& words, Environment& environment) {
  if (words.empty()) {
    environment.err << help_of_all(commands());
    return misused;
  }
  if (words[0] == "--version") {
    environment.out << "weir " WEIR_VERSION "\n";
    return done;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    environment.out << help_of_all(commands());
    return done;
  }
  std::size_t used = 0;
  const Command* command = find_command(words, used);
  if (command == nullptr) return no_such_command(words, environment);
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  if (asks_for_help(rest)) {
    environment.out << help_of(*command);
    return done;
  }
  const auto arguments = parse_arguments(*command, rest);
  if (!arguments) {
    environment.err << "weir: " << arguments.error().message << "\n";
    return misused;
  }
  return command->run(*arguments, environment);
}

}  // namespace weir::gateway::cli
