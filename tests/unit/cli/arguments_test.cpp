#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "cli/command.h"

namespace weir::gateway::cli {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code = -1;
  std::string out, err;
  fs::path daemon_file;  // what the daemon was started with
};

Outcome weir(const std::vector<std::string>& words, const std::map<std::string, std::string>& variables = {}) {
  Outcome run;
  std::ostringstream out, err;
  Environment environment{out, err,
                          [&](const Config&, const fs::path& file) {
                            run.daemon_file = file;
                            return 0;
                          },
                          [&](const char* name) {
                            const auto found = variables.find(name);
                            return found == variables.end() ? nullptr : found->second.c_str();
                          }};
  run.code = run_cli(words, environment);
  run.out = out.str();
  run.err = err.str();
  return run;
}

class CliFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "weir-cli-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    config_ = write("weir.toml", "data_dir = 'data'\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  fs::path folder_;
  std::string config_;
};

TEST(Cli, EveryCommandHasHelp) {
  for (const Command& command : commands()) {
    std::vector<std::string> words;
    std::istringstream name{std::string(command.name)};
    for (std::string word; name >> word;) words.push_back(word);
    words.emplace_back("--help");
    const Outcome run = weir(words);
    EXPECT_EQ(run.code, 0) << command.name;
    EXPECT_NE(run.out.find(command.summary), std::string::npos) << command.name;
    for (const Option& option : command.options) EXPECT_NE(run.out.find("--" + std::string(option.name)), std::string::npos);
    EXPECT_NE(weir({"--help"}).out.find(command.name), std::string::npos);
  }
}

TEST(Cli, VersionIsSaid) {
  EXPECT_EQ(weir({"--version"}).code, 0);
  EXPECT_TRUE(weir({"--version"}).out.starts_with("weir 0."));
}

TEST(Cli, MisuseIsExplainedAndExitsWith2) {
  const std::vector<std::vector<std::string>> misuses = {{},
                                                         {"dance"},
                                                         {"token"},
                                                         {"token", "dance"},
                                                         {"run", "--colour"},
                                                         {"run", "-c"},
                                                         {"run", "extra"},
                                                         {"run", "--config"},
                                                         {"run", "--config", "a", "--config", "b"},
                                                         {"run", "--print-config=yes"},
                                                         {"check"},
                                                         {"check", "a", "b"},
                                                         {"token", "add", "--name", "x"},
                                                         {"token", "add", "--role", "viewer"},
                                                         {"token", "add", "--name", "x", "--role", "king"},
                                                         {"tail", "--count", "0", "--token", "t"},
                                                         {"tail", "--count", "x", "--token", "t"},
                                                         {"tail"},
                                                         {"send", "d"},
                                                         {"send", "d", "c", "no-equals", "--token", "t"},
                                                         {"send", "d", "c", "a=1", "a=2", "--token", "t"},
                                                         {"send", "d", "c", "--timeout", "soon", "--token", "t"},
                                                         {"devices", "--token", "t", "--url", "ftp://x"},
                                                         {"devices", "--token", "a b"},
                                                         {"devices", "--token", "a\r\nX: y"}};
  for (const auto& words : misuses) {
    const Outcome run = weir(words);
    std::string shown;
    for (const std::string& word : words) shown += word + " ";
    EXPECT_EQ(run.code, 2) << shown;
    EXPECT_FALSE(run.err.empty()) << shown;
    EXPECT_TRUE(run.out.empty()) << shown;
  }
}

TEST(Cli, OptionsStandAnywhereAndEndAtTwoHyphens) {
  const Command command{"x", "A…", "", {{"name", "N", ""}, {"flag", "", ""}}, 0, any_number, nullptr};
  const auto arguments = parse_arguments(command, {"a", "--name=b=c", "--flag", "-", "--", "--name", "-z"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->get("name"), "b=c");
  EXPECT_TRUE(arguments->has("flag"));
  EXPECT_EQ(arguments->operands, (std::vector<std::string>{"a", "-", "--name", "-z"}));
  EXPECT_EQ(arguments->get("absent", "otherwise"), "otherwise");
}

TEST(Cli, SchemaIsJsonAndReferenceIsMarkdown) {
  EXPECT_TRUE(weir({"schema"}).out.starts_with("{"));
  EXPECT_TRUE(weir({"schema", "--markdown"}).out.starts_with("# "));
}

TEST_F(CliFiles, DaemonIsGivenItsFile) {
  EXPECT_EQ(weir({"run", "--config", config_}).daemon_file, config_);
  const Outcome printed = weir({"run", "--config", config_, "--print-config"});
  EXPECT_TRUE(printed.daemon_file.empty());
  EXPECT_NE(printed.out.find("data_dir = "), std::string::npos);
}

TEST_F(CliFiles, FaultsAreSaidAllAtOnceAndNothingStarts) {
  const std::string faulty = write("faulty.toml", "a = 1\n[server]\nb = 2\n");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run", "--config", faulty}, {"check", faulty}}) {
    const Outcome run = weir(words);
    EXPECT_EQ(run.code, 2);
    EXPECT_TRUE(run.daemon_file.empty());
    EXPECT_NE(run.err.find("faulty.toml:1:1: a: "), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("faulty.toml:3:1: server.b: "), std::string::npos) << run.err;
  }
  EXPECT_NE(weir({"check", faulty, "--json"}).out.find("\"key\":\"server.b\""), std::string::npos);
}

TEST_F(CliFiles, CheckSaysWhatListensWhere) {
  const Outcome run = weir({"check", config_});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "http://127.0.0.1:8080: this computer only, no TLS\n");
}

TEST_F(CliFiles, TokenStandsAloneOnItsLine) {
  const Outcome run = weir({"token", "add", "--config", config_, "--name", "cloud", "--role", "viewer"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out.size(), 58U);
  EXPECT_TRUE(run.out.starts_with("weir_"));
  EXPECT_EQ(run.out.back(), '\n');
  const Outcome list = weir({"token", "list", "--config", config_});
  EXPECT_NE(list.out.find("cloud"), std::string::npos);
  EXPECT_EQ(list.out.find(run.out.substr(0, 57)), std::string::npos);
  EXPECT_EQ(weir({"token", "add", "--config", config_, "--name", "cloud", "--role", "viewer"}).code, 1);
  EXPECT_EQ(weir({"token", "revoke", "--config", config_, "--name", "cloud"}).code, 0);
  EXPECT_EQ(weir({"token", "revoke", "--config", config_, "--name", "cloud"}).code, 1);
  EXPECT_EQ(weir({"token", "list", "--config", config_, "--json"}).out, "{\"tokens\":[]}\n");
}

TEST_F(CliFiles, TokenIsMadeWithoutTheSecretsOfTheDaemon) {
  const std::string config =
      write("secret.toml", "data_dir = 'data'\n[[mqtt]]\nname = 'f'\nurl = 'mqtt://b'\npassword = { env = 'NOT_HERE' }\n");
  EXPECT_EQ(weir({"token", "add", "--config", config, "--name", "cloud", "--role", "viewer"}).code, 0);
  EXPECT_EQ(weir({"pair", "--config", write("broken.toml", "[server")}).code, 2);
}

TEST_F(CliFiles, CodeStandsAloneOnItsLine) {
  const Outcome run = weir({"pair", "--config", config_});
  EXPECT_EQ(run.code, 0);
  ASSERT_EQ(run.out.size(), 10U) << run.out;
  EXPECT_EQ(run.out[4], '-');
}

TEST(Client, GatewayThatDoesNotAnswerIsNamed) {
  for (const char* command : {"devices", "tail", "export"}) {
    const Outcome run = weir({command}, {{"WEIR_URL", "http://127.0.0.1:1"}, {"WEIR_TOKEN", "t"}});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("http://127.0.0.1:1"), std::string::npos) << run.err;
  }
}

}  // namespace
}  // namespace weir::gateway::cli
