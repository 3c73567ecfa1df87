// The subcommands, one file each; the table in commands.cpp names them.
#pragma once

#include "cli/command.h"

namespace weir::gateway::cli {

int run_daemon(const Arguments& arguments, Environment& environment);
int run_check(const Arguments& arguments, Environment& environment);
int run_doctor(const Arguments& arguments, Environment& environment);
int run_schema(const Arguments& arguments, Environment& environment);
int run_token_add(const Arguments& arguments, Environment& environment);
int run_token_list(const Arguments& arguments, Environment& environment);
int run_token_revoke(const Arguments& arguments, Environment& environment);
int run_user_add(const Arguments& arguments, Environment& environment);
int run_user_list(const Arguments& arguments, Environment& environment);
int run_user_remove(const Arguments& arguments, Environment& environment);
int run_user_passphrase(const Arguments& arguments, Environment& environment);
int run_backup(const Arguments& arguments, Environment& environment);
int run_restore(const Arguments& arguments, Environment& environment);
int run_log_verify(const Arguments& arguments, Environment& environment);
int run_audit_verify(const Arguments& arguments, Environment& environment);
int run_audit_list(const Arguments& arguments, Environment& environment);
int run_audit_tail(const Arguments& arguments, Environment& environment);
int run_pair(const Arguments& arguments, Environment& environment);
int run_tail(const Arguments& arguments, Environment& environment);
int run_devices(const Arguments& arguments, Environment& environment);
int run_status(const Arguments& arguments, Environment& environment);
int run_history(const Arguments& arguments, Environment& environment);
int run_losses(const Arguments& arguments, Environment& environment);
int run_send(const Arguments& arguments, Environment& environment);
int run_export(const Arguments& arguments, Environment& environment);

inline constexpr std::string_view default_config = "/etc/weir/weir.toml";

/// Says what went wrong, and gives the exit code.
int complain(Environment& environment, const Error& error);
int complain(Environment& environment, const std::vector<Fault>& faults, const std::string& file);

}  // namespace weir::gateway::cli
