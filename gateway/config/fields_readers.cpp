// The rows of [[mqtt]] and [[serial]] and of everything below them.
#include "config/config.h"
#include "config/fields.h"
#include "config/text_checks.h"

namespace weir::gateway {
namespace {

using firmware::Mapping;
using firmware::MqttCommands;
using firmware::MqttOptions;
using firmware::MqttSubscription;
using firmware::SerialOptions;
using firmware::SerialPoll;
using firmware::SerialPort;

std::string SerialPort::*port_part(std::string_view kind) {
  if (kind == "by_id") return &SerialPort::by_id;
  return kind == "usb_serial" ? &SerialPort::usb_serial : &SerialPort::path;
}

Member port_member() {
  return {[](void* owner, FieldValue&& value) {
            const auto& parts = std::get<std::vector<std::string>>(value);
            static_cast<SerialOptions*>(owner)->port.*port_part(parts[0]) = parts[1];
          },
          [](const void* owner) -> FieldValue {
            const SerialPort& port = static_cast<const SerialOptions*>(owner)->port;
            for (const char* kind : {"path", "by_id", "usb_serial"}) {
              if (const std::string& text = port.*port_part(kind); !text.empty()) return std::vector<std::string>{kind, text};
            }
            return std::vector<std::string>{};
          }};
}

Member version_member() {
  return {
      [](void* owner, FieldValue&& value) {
        static_cast<MqttOptions*>(owner)->version = std::get<std::int64_t>(value) == 0 ? 3 : 5;
      },
      [](const void* owner) -> FieldValue { return std::int64_t{static_cast<const MqttOptions*>(owner)->version == 3 ? 0 : 1}; }};
}

// The rows that say how a payload becomes readings; `First` is the mapping inside the owner.
template <auto First>
void add_mapping(std::vector<Field>& fields, TextCheck decode_check) {
  fields.push_back({.key = "decode",
                    .help = "the payload's format: a name of the schema's list",
                    .check = decode_check,
                    .member = member<First, &Mapping::decode>()});
  fields.push_back({.key = "device",
                    .help = "the device's name: text, `{N}` for the N-th wildcard level of the filter, or a JSON pointer",
                    .check = check_template,
                    .member = member<First, &Mapping::device>()});
  fields.push_back({.key = "metric",
                    .help = "the metric's name, in the same forms; absent: each member or column is a metric of its own",
                    .check = check_template,
                    .member = member<First, &Mapping::metric>()});
  fields.push_back({.key = "value",
                    .help = "where the value is: a JSON pointer; absent: the whole payload, or each member",
                    .check = check_pointer,
                    .member = member<First, &Mapping::value>()});
  fields.push_back({.key = "time",
                    .help = "where the time is: a JSON pointer; absent: a member `time`, else the time of receipt",
                    .check = check_pointer,
                    .member = member<First, &Mapping::time>()});
  fields.push_back({.key = "unit",
                    .help = "the unit (SenML, as `Cel`), or a JSON pointer to it",
                    .check = check_unit,
                    .member = member<First, &Mapping::unit>()});
  fields.push_back({.key = "columns",
                    .type = Type::texts,
                    .help = "`csv`: the names of the columns in order; `-` skips one, `time` is the time stamp",
                    .check = check_name,
                    .member = member<First, &Mapping::columns>()});
}

const Section& argument_section() {
  static const Section section{
      "args",
      "An argument of a declared command: `args.NAME = { type = … }`.",
      {{.key = "type",
        .type = Type::choice,
        .help = "what it may be",
        .required = true,
        .choices = {"number", "integer", "boolean", "string", "enum"},
        .member = member<&DeclaredArgument::type>()},
       {.key = "min", .type = Type::number, .help = "numbers: the least", .member = member<&DeclaredArgument::min>()},
       {.key = "max", .type = Type::number, .help = "numbers: the greatest", .member = member<&DeclaredArgument::max>()},
       {.key = "unit", .help = "numbers: the unit", .check = check_unit, .member = member<&DeclaredArgument::unit>()},
       {.key = "values",
        .type = Type::texts,
        .help = "`enum`: what it may be",
        .check = check_name,
        .member = member<&DeclaredArgument::values>()},
       {.key = "required",
        .type = Type::boolean,
        .help = "false: it may be left out",
        .member = member<&DeclaredArgument::required>()}},
      defaults_of<DeclaredArgument>};
  return section;
}

const Section& interlock_section() {
  static const Section section{
      "commands.declare.interlock",
      "What the device has to report before this command goes out, at acceptance and again just before sending.",
      {{.key = "metric",
        .help = "a metric of the device",
        .required = true,
        .check = check_name,
        .member = member<&Interlock::metric>()},
       {.key = "equals",
        .help = "its value as text, as `\"false\"` or `\"manual\"`",
        .check = check_name,
        .member = member<&Interlock::equals>()},
       {.key = "min", .type = Type::number, .help = "the least that it may be", .member = member<&Interlock::min>()},
       {.key = "max", .type = Type::number, .help = "the greatest that it may be", .member = member<&Interlock::max>()},
       {.key = "age_max",
        .type = Type::duration,
        .help = "an older value is not known to hold",
        .min = 1'000'000'000,
        .member = member<&Interlock::age_max>()}},
      defaults_of<Interlock>};
  return section;
}

const Section& declare_section() {
  static const Section section{
      "commands.declare",
      "A command that devices understand; nodes of the wire protocol declare theirs themselves.",
      {{.key = "device",
        .help = "which devices: a glob of `*` and `?`",
        .required = true,
        .check = check_name,
        .member = member<&DeclaredCommand::device>()},
       {.key = "name", .help = "the command", .required = true, .check = check_name, .member = member<&DeclaredCommand::name>()},
       {.key = "args",
        .type = Type::named_tables,
        .help = "its arguments by name",
        .section = &argument_section(),
        .children = named_tables<&DeclaredCommand::args, DeclaredArgument>()},
       {.key = "state_metric",
        .help = "the metric that shows its effect",
        .check = check_name,
        .member = member<&DeclaredCommand::state_metric>()},
       {.key = "dangerous",
        .type = Type::boolean,
        .help = "true: people have to type a confirmation, one at a time, a pause between them",
        .member = member<&DeclaredCommand::dangerous>()},
       {.key = "interlock",
        .type = Type::table,
        .help = "what has to hold before it is sent",
        .section = &interlock_section(),
        .children = table<&DeclaredCommand::interlock>()}},
      defaults_of<DeclaredCommand>};
  return section;
}

const Section& subscribe_section() {
  static const Section section = [] {
    Section made{
        "mqtt.subscribe", "What is read from the broker, and how it becomes readings.", {}, defaults_of<MqttSubscription>};
    made.fields = {{.key = "filter",
                    .help = "an MQTT topic filter",
                    .required = true,
                    .check = check_filter,
                    .member = member<&MqttSubscription::filter>()},
                   {.key = "qos",
                    .type = Type::integer,
                    .help = "1: acknowledged after the commit; 0: not at all",
                    .min = 0,
                    .max = 1,
                    .member = member<&MqttSubscription::qos>()}};
    add_mapping<&MqttSubscription::mapping>(made.fields, check_decode);
    return made;
  }();
  return section;
}

const Section& mqtt_commands_section() {
  static const Section section{
      "mqtt.commands",
      "How commands reach the devices behind this broker.",
      {{.key = "publish",
        .help = "the topic for a command, with `{device}` in it, and `{command}` where each has its own",
        .required = true,
        .check = check_publish,
        .member = member<&MqttCommands::publish>()},
       {.key = "replies",
        .help = "the filter on which replies come; absent: only a `state_metric` shows success",
        .check = check_filter,
        .member = member<&MqttCommands::replies>()},
       {.key = "payload",
        .help = "what is published, with `{args.NAME}`, `{args}`, `{command}`, `{device}`, `{id}`; absent: "
                "Weir's own message (commands.md)",
        .member = member<&MqttCommands::payload>()},
       {.key = "undeclared",
        .type = Type::boolean,
        .help = "true: operators may send commands that nobody declared",
        .member = member<&MqttCommands::undeclared>()},
       {.key = "declare",
        .type = Type::tables,
        .help = "commands that devices understand",
        .section = &declare_section(),
        .children = tables<&MqttCommands::declared>()}},
      defaults_of<MqttCommands>};
  return section;
}

const Section& poll_section() {
  static const Section section{
      "serial.poll",
      "What devices on the line are asked, one at a time, with commands in between. Lines only.",
      {{.key = "send",
        .help = "a line, without its end; the next line that comes is its answer",
        .required = true,
        .check = check_name,
        .member = member<&SerialPoll::send>()},
       {.key = "every", .type = Type::duration, .help = "how often", .min = 10'000'000, .member = member<&SerialPoll::every>()}},
      defaults_of<SerialPoll>};
  return section;
}

const Section& serial_commands_section() {
  static const Section section{"serial.commands",
                               "Which commands may go to the devices on this line.",
                               {{.key = "undeclared",
                                 .type = Type::boolean,
                                 .help = "true: operators may send commands that nobody declared",
                                 .member = member<&SerialOptions::undeclared>()},
                                {.key = "declare",
                                 .type = Type::tables,
                                 .help = "commands that devices understand",
                                 .section = &declare_section(),
                                 .children = tables<&SerialOptions::declared>()}},
                               defaults_of<SerialOptions>};
  return section;
}

std::shared_ptr<void> serial_defaults() {
  auto serial = std::make_shared<SerialOptions>();
  serial->mapping.decode = "wire";  // checks.cpp: it follows from the framing
  return serial;
}

}  // namespace

const Section& mqtt_section() {
  static const Section section{
      "mqtt",
      "A broker to read from.",
      {{.key = "name",
        .help = "this reader's name, once only",
        .required = true,
        .check = check_reader_name,
        .member = member<&MqttOptions::name>()},
       {.key = "url",
        .help = "`mqtt://host:port`, or `mqtts://host:port` with TLS",
        .required = true,
        .check = check_mqtt_url,
        .member = member<&MqttOptions::url>()},
       {.key = "version", .type = Type::choice, .help = "of the protocol", .choices = {"3.1.1", "5"}, .member = version_member()},
       {.key = "client_id",
        .help = "the session's name at the broker; absent: made from the reader's name and the log",
        .check = check_name,
        .member = member<&MqttOptions::client_id>()},
       {.key = "username", .type = Type::user, .help = "as the broker knows us", .member = member<&MqttOptions::username>()},
       {.key = "password", .type = Type::secret, .help = "for that name", .member = member<&MqttOptions::password>()},
       {.key = "ca",
        .type = Type::path,
        .help = "`mqtts`: whom to trust (PEM); absent: the system's list",
        .member = member<&MqttOptions::ca>()},
       {.key = "certificate",
        .type = Type::path,
        .help = "`mqtts`: our certificate (PEM)",
        .member = member<&MqttOptions::certificate>()},
       {.key = "key", .type = Type::path, .help = "`mqtts`: its private key (PEM)", .member = member<&MqttOptions::key>()},
       {.key = "subscribe",
        .type = Type::tables,
        .help = "what to read",
        .section = &subscribe_section(),
        .children = tables<&MqttOptions::subscriptions>()},
       {.key = "commands",
        .type = Type::table,
        .help = "the way back",
        .section = &mqtt_commands_section(),
        .children = table<&MqttOptions::commands>()}},
      defaults_of<MqttOptions>};
  return section;
}

const Section& serial_section() {
  static const Section section = [] {
    Section made{"serial", "A serial line to read from.", {}, serial_defaults};
    made.fields = {
        {.key = "name",
         .help = "this reader's name, once only",
         .required = true,
         .check = check_reader_name,
         .member = member<&SerialOptions::name>()},
        {.key = "port",
         .type = Type::serial_port,
         .help =
             "a path, or what survives unplugging: `{ by_id = \"…\" }` (a name of /dev/serial/by-id), `{ usb_serial = \"…\" }`",
         .required = true,
         .member = port_member()},
        {.key = "baud",
         .type = Type::integer,
         .help = "any rate that the port can do",
         .min = 50,
         .max = 12'000'000,
         .member = member<&SerialOptions::baud>()},
        {.key = "framing",
         .type = Type::choice,
         .help = "`wire`: Weir's frames (wire.md); `lines`: a message a line",
         .choices = {"wire", "lines"},
         .member = member<&SerialOptions::framing>()}};
    add_mapping<&SerialOptions::mapping>(made.fields, check_serial_decode);
    made.fields.push_back({.key = "answer_within",
                           .type = Type::duration,
                           .help = "`poll`: how long the line waits for an answer",
                           .min = 1'000'000,
                           .member = member<&SerialOptions::answer_within>()});
    made.fields.push_back({.key = "poll",
                           .type = Type::tables,
                           .help = "what is asked on a half-duplex line",
                           .section = &poll_section(),
                           .children = tables<&SerialOptions::polls>()});
    made.fields.push_back({.key = "commands",
                           .type = Type::table,
                           .help = "the way back",
                           .section = &serial_commands_section(),
                           .children = same_table()});
    return made;
  }();
  return section;
}

}  // namespace weir::gateway
