#include "config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/fields.h"

namespace weir::gateway {
namespace {

namespace fs = std::filesystem;

class ConfigFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "weir-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(folder_ / name) << text;
    ::chmod((folder_ / name).c_str(), mode);
  }

  Loaded load(const std::string& text) const { return load_config(text, folder_ / "weir.toml"); }

  Loaded load_with_password(const std::string& password) const {
    return load("[[mqtt]]\nname = 'field'\nurl = 'mqtt://broker'\nusername = 'me'\npassword = " + password +
                "\n[[mqtt.subscribe]]\nfilter = 'a/+'\ndevice = '{1}'\nmetric = 'm'\n");
  }

  fs::path folder_;
};

std::string faults_of(const Loaded& loaded) {
  std::string text;
  for (const Fault& fault : loaded.faults) text += to_string(fault, "weir.toml") + "\n";
  return text;
}

TEST_F(ConfigFiles, SecretIsReadFromAFileWithoutItsNewline) {
  write("secret", "hunter2\n", 0600);
  const Loaded loaded = load_with_password("{ file = 'secret' }");
  EXPECT_EQ(faults_of(loaded), "");
  EXPECT_EQ(loaded.config.mqtt.at(0).password, "hunter2");
}

TEST_F(ConfigFiles, SecretOpenToEverybodyIsAFault) {
  for (const mode_t mode : {0604U, 0602U, 0644U, 0666U}) {
    write("secret", "hunter2\n", mode);
    const std::string faults = faults_of(load_with_password("{ file = 'secret' }"));
    EXPECT_NE(faults.find("mqtt[0].password"), std::string::npos) << mode;
    EXPECT_NE(faults.find("chmod 600"), std::string::npos) << mode;
    EXPECT_EQ(faults.find("hunter2"), std::string::npos);
  }
}

TEST_F(ConfigFiles, EmptyHugeAndFolderSecretsAreFaults) {
  write("empty", "\n", 0600);
  write("huge", std::string(70'000, 'x'), 0600);
  fs::create_directory(folder_ / "folder");
  for (const char* name : {"empty", "huge", "folder"}) {
    EXPECT_EQ(load_with_password("{ file = '" + std::string(name) + "' }").faults.size(), 1U) << name;
  }
}

TEST_F(ConfigFiles, SecretIsReadFromTheEnvironment) {
  ::setenv("WEIR_TEST_SECRET", "from outside", 1);
  EXPECT_EQ(load_with_password("{ env = 'WEIR_TEST_SECRET' }").config.mqtt.at(0).password, "from outside");
  ::unsetenv("WEIR_TEST_SECRET");
}

TEST_F(ConfigFiles, PrintedConfigurationMasksSecrets) {
  write("secret", "hunter2", 0600);
  const Loaded loaded = load_with_password("{ file = 'secret' }");
  const std::string printed = print_config(loaded.config);
  EXPECT_EQ(printed.find("hunter2"), std::string::npos);
  EXPECT_NE(printed.find("password = \"********\""), std::string::npos);
  EXPECT_EQ(describe_exposure(loaded.config).find("hunter2"), std::string::npos);
}

TEST_F(ConfigFiles, TlsKeyOpenToEverybodyIsAFault) {
  write("cert.pem", "x", 0644);
  write("key.pem", "x", 0644);
  const std::string text = "[server]\ntls = { certificate = 'cert.pem', key = 'key.pem' }\n";
  EXPECT_NE(faults_of(load(text)).find("2:41: server.tls.key"), std::string::npos) << faults_of(load(text));
  ::chmod((folder_ / "key.pem").c_str(), 0600);
  const Loaded loaded = load(text);
  EXPECT_EQ(faults_of(loaded), "");
  EXPECT_EQ(std::get<TlsFiles>(loaded.config.server.tls).key, folder_ / "key.pem");
}

TEST_F(ConfigFiles, RelativePathsBeginAtTheFile) {
  const Loaded loaded = load("data_dir = 'data'\n");
  EXPECT_EQ(loaded.config.data_dir, folder_ / "data");
  EXPECT_EQ(loaded.config.log.file, folder_ / "data" / "weir.db");
}

TEST_F(ConfigFiles, FileThatIsNotThereIsAFault) {
  EXPECT_EQ(load_config_file(folder_ / "none.toml").faults.size(), 1U);
  EXPECT_EQ(load_config_file(folder_).faults.size(), 1U);
}

TEST_F(ConfigFiles, FileBeyondItsLimitIsAFault) {
  write("huge.toml", std::string(1'100'000, '#'), 0600);
  EXPECT_EQ(load_config_file(folder_ / "huge.toml").faults.size(), 1U);
}

TEST(Config, EmptyTextGivesTheDefaultsOfTheStructs) {
  const Loaded loaded = load_config("", "weir.toml");
  EXPECT_TRUE(loaded.faults.empty());
  EXPECT_EQ(print_config(loaded.config), print_config(Config()));
}

TEST(Config, ValuesArriveInTheStructs) {
  const Loaded loaded = load_config(R"(
[server]
listen = ["[::1]:9000", "127.0.0.1:0"]
origins = ["https://example.org"]
[log]
durability = "strict"
size_max = "1GiB"
age_max = "12h"
flash_budget_per_day = "200MB"
[[mqtt]]
name = "field"
url = "mqtt://broker"
version = "3.1.1"
client_id = "weir-1"
[[mqtt.subscribe]]
filter = "a/+"
qos = 0
decode = "json"
device = "{1}"
metric = "/m"
value = "/v"
time = "/t"
unit = "Cel"
[mqtt.commands]
publish = "c/{device}"
undeclared = true
[[mqtt.commands.declare]]
device = "*"
name = "mode"
args.kind = { type = "enum", values = ["a", "b"], required = false }
args.level = { type = "integer", min = -1, max = 5 }
[[serial]]
name = "line"
port = { usb_serial = "A8" }
baud = 9600
framing = "lines"
decode = "csv"
device = "d"
columns = ["time", "x"]
)",
                                    "weir.toml");
  ASSERT_EQ(faults_of(loaded), "");
  const Config& config = loaded.config;
  EXPECT_EQ(config.server.listen.at(0).host, "::1");
  EXPECT_EQ(config.server.listen.at(0).port, 9000);
  EXPECT_EQ(config.server.origins, std::vector<std::string>{"https://example.org"});
  EXPECT_EQ(config.log.durability, Durability::strict);
  EXPECT_EQ(config.log.size_max, 1U << 30U);
  EXPECT_EQ(config.log.age_max, std::chrono::hours(12));
  EXPECT_EQ(config.log.flash_budget_per_day, 200'000'000U);
  const auto& mqtt = config.mqtt.at(0);
  EXPECT_EQ(mqtt.version, 3);
  EXPECT_EQ(mqtt.client_id, "weir-1");
  EXPECT_EQ(mqtt.subscriptions.at(0).qos, 0);
  EXPECT_EQ(mqtt.subscriptions.at(0).mapping.value, "/v");
  EXPECT_EQ(mqtt.subscriptions.at(0).mapping.time, "/t");
  EXPECT_EQ(mqtt.subscriptions.at(0).mapping.unit, "Cel");
  EXPECT_TRUE(mqtt.commands.undeclared);
  const auto& args = mqtt.commands.declared.at(0).args;
  ASSERT_EQ(args.size(), 2U);
  EXPECT_EQ(args[0].name, "kind");
  EXPECT_EQ(args[0].type, ArgumentType::enumeration);
  EXPECT_FALSE(args[0].required);
  EXPECT_EQ(args[1].min, -1.0);
  const auto& serial = config.serial.at(0);
  EXPECT_EQ(serial.port.usb_serial, "A8");
  EXPECT_EQ(serial.port.path, "");
  EXPECT_EQ(serial.framing, firmware::Framing::lines);
  EXPECT_EQ(serial.mapping.columns, (std::vector<std::string>{"time", "x"}));
}

TEST(Config, PrintedConfigurationReadsBackAsTheSame) {
  for (const char* name : {"contract-sample", "serial-lines", "exposed-on-purpose", "empty"}) {
    const Loaded loaded = load_config_file(fs::path(WEIR_CASES) / "config" / name / "weir.toml");
    ASSERT_EQ(faults_of(loaded), "") << name;
    const std::string printed = print_config(loaded.config);
    const Loaded again = load_config(printed, "weir.toml");
    EXPECT_EQ(faults_of(again), "") << printed;
    EXPECT_EQ(print_config(again.config), printed);
  }
}

TEST(Config, ExposureNamesWhoCanReachWhat) {
  Loaded loaded =
      load_config("[server]\nlisten = ['127.0.0.1:8080', '0.0.0.0:9000', '192.168.1.5:80']\ninsecure = true\n", "weir.toml");
  EXPECT_EQ(describe_exposure(loaded.config),
            "http://127.0.0.1:8080: this computer only, no TLS\n"
            "http://0.0.0.0:9000: everybody on every network of this computer, NO TLS: tokens and data can be read on the way\n"
            "http://192.168.1.5:80: everybody who can reach this address, NO TLS: tokens and data can be read on the way\n");
  loaded = load_config("[server]\nlisten = ['[::]:8443']\ntls = 'auto'\n", "weir.toml");
  EXPECT_EQ(describe_exposure(loaded.config),
            "https://[::]:8443: everybody on every network of this computer, TLS with a certificate of its own\n");
}

TEST(Config, HostileTextGivesFaultsOnly) {
  for (const std::string& text :
       {std::string("\xFF\xFE"), std::string("a = \"\\u0000\""), std::string(100'000, '['), std::string("\"\\u001b[31m\" = 1"),
        "a" + std::string(100'000, 'b') + " = 1", std::string("mqtt = [1, [2]]\nserial = {}\nserver = []\nlog = 'x'")}) {
    const Loaded loaded = load_config(text, "weir.toml");
    EXPECT_FALSE(loaded.faults.empty());
    EXPECT_EQ(faults_of(loaded).find('\x1b'), std::string::npos);
  }
}

TEST(Config, ThousandsOfFaultsAreCutOff) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "key" + std::to_string(i) + " = 1\n";
  EXPECT_EQ(load_config(text, "weir.toml").faults.size(), 1000U);
}

TEST(Schema, KnowsEveryKeyAndForbidsOthers) {
  const auto schema = nlohmann::json::parse(config_schema());
  const auto& mqtt = schema["properties"]["mqtt"]["items"];
  EXPECT_EQ(mqtt["required"], nlohmann::json({"name", "url"}));
  EXPECT_EQ(mqtt["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["server"]["properties"]["connections_max"]["default"], 12000);
  EXPECT_EQ(schema["properties"]["server"]["properties"]["listen"]["default"], nlohmann::json({"127.0.0.1:8080"}));
  EXPECT_TRUE(mqtt["properties"]["subscribe"]["items"]["properties"]["decode"]["enum"].is_array());
  for (const Section* section : all_sections()) {
    for (const Field& field : section->fields) {
      EXPECT_FALSE(field.help.empty()) << field.key;
      EXPECT_NE(config_schema().find("\"" + std::string(field.key) + "\""), std::string::npos) << field.key;
    }
  }
}

TEST(Reference, DocumentIsTheOneThatTheTableGives) {
  std::ostringstream document;
  document << std::ifstream(fs::path(WEIR_CASES) / ".." / ".." / "gateway" / "docs" / "configuration.md").rdbuf();
  EXPECT_EQ(document.str(), config_reference()) << "run: weir schema --markdown > gateway/docs/configuration.md";
}

}  // namespace
}  // namespace weir::gateway
