#include "wire/hello.h"

#include "wire/body.h"

enum { HELLO_DEVICE = 1, HELLO_FIRMWARE = 2, HELLO_VERSION = 3, HELLO_BOOT = 4, HELLO_FRAME_MAX = 5, HELLO_COMMANDS = 6 };
enum { DECLARATION_NAME = 1, DECLARATION_ARGS = 2, DECLARATION_STATE = 3, DECLARATION_DANGEROUS = 4 };
enum {
  ARGUMENT_NAME = 1,
  ARGUMENT_TYPE = 2,
  ARGUMENT_MIN = 3,
  ARGUMENT_MAX = 4,
  ARGUMENT_UNIT = 5,
  ARGUMENT_VALUES = 6,
  ARGUMENT_OPTIONAL = 7
};

static void put_true_member(weir_cbor_writer* body, unsigned key) {
  weir_cbor_put_uint(body, key);
  weir_cbor_put_bool(body, true);
}

static void put_number_member(weir_cbor_writer* body, unsigned key, double value) {
  weir_cbor_put_uint(body, key);
  weir_cbor_put_double(body, value);
}

static void put_values(weir_cbor_writer* body, const weir_argument* argument) {
  weir_cbor_put_uint(body, ARGUMENT_VALUES);
  weir_cbor_put_array(body, argument->value_count);
  for (size_t i = 0; i < argument->value_count; ++i) weir_cbor_put_text(body, argument->values[i].data, argument->values[i].size);
}

static void put_argument(weir_cbor_writer* body, const weir_argument* argument) {
  const unsigned members = 2U + (argument->has_min ? 1U : 0U) + (argument->has_max ? 1U : 0U) +
                           (argument->unit.size > 0 ? 1U : 0U) + (argument->value_count > 0 ? 1U : 0U) +
                           (argument->optional ? 1U : 0U);
  weir_cbor_put_map(body, members);
  weir_put_text_member(body, ARGUMENT_NAME, argument->name);
  weir_put_uint_member(body, ARGUMENT_TYPE, (uint32_t)argument->type);
  if (argument->has_min) put_number_member(body, ARGUMENT_MIN, argument->min);
  if (argument->has_max) put_number_member(body, ARGUMENT_MAX, argument->max);
  if (argument->unit.size > 0) weir_put_text_member(body, ARGUMENT_UNIT, argument->unit);
  if (argument->value_count > 0) put_values(body, argument);
  if (argument->optional) put_true_member(body, ARGUMENT_OPTIONAL);
}

static void put_declaration(weir_cbor_writer* body, const weir_declaration* declaration) {
  const bool has_args = declaration->arg_count > 0;
  const bool has_state = declaration->state_metric.size > 0;
  weir_cbor_put_map(body, 1U + (has_args ? 1U : 0U) + (has_state ? 1U : 0U) + (declaration->dangerous ? 1U : 0U));
  weir_put_text_member(body, DECLARATION_NAME, declaration->name);
  if (has_args) {
    weir_cbor_put_uint(body, DECLARATION_ARGS);
    weir_cbor_put_array(body, declaration->arg_count);
    for (size_t i = 0; i < declaration->arg_count; ++i) put_argument(body, &declaration->args[i]);
  }
  if (has_state) weir_put_text_member(body, DECLARATION_STATE, declaration->state_metric);
  if (declaration->dangerous) put_true_member(body, DECLARATION_DANGEROUS);
}

void weir_put_hello(weir_frame* frame, const weir_hello* hello) {
  weir_cbor_writer* body = &frame->body;
  weir_frame_begin(frame, WEIR_HELLO);
  weir_cbor_put_map(body, 6);
  weir_put_text_member(body, HELLO_DEVICE, hello->device);
  weir_put_text_member(body, HELLO_FIRMWARE, hello->firmware);
  weir_put_text_member(body, HELLO_VERSION, hello->version);
  weir_put_uint_member(body, HELLO_BOOT, hello->boot);
  weir_put_uint_member(body, HELLO_FRAME_MAX, hello->frame_bytes_max);
  weir_cbor_put_uint(body, HELLO_COMMANDS);
  weir_cbor_put_array(body, hello->command_count);
  for (size_t i = 0; i < hello->command_count; ++i) put_declaration(body, &hello->commands[i]);
}

bool weir_read_hello(weir_cbor_reader* body, weir_hello* hello) {
  size_t pairs;
  unsigned key, seen = 0;
  *hello = (weir_hello){.frame_bytes_max = WEIR_FRAME_BYTES_MAX};
  if (!weir_cbor_read_map(body, &pairs)) return false;
  while (weir_next_key(body, &pairs, &key, &seen)) {
    switch (key) {
      case HELLO_DEVICE: weir_read_text_member(body, &hello->device); break;
      case HELLO_FIRMWARE: weir_read_text_member(body, &hello->firmware); break;
      case HELLO_VERSION: weir_read_text_member(body, &hello->version); break;
      case HELLO_BOOT: weir_cbor_read_uint32(body, &hello->boot); break;
      case HELLO_FRAME_MAX: weir_cbor_read_uint32(body, &hello->frame_bytes_max); break;
      case HELLO_COMMANDS: weir_read_items_member(body, &hello->command_count, &hello->command_reader); break;
      default: weir_cbor_skip(body);
    }
  }
  return weir_body_ok(body, seen, WEIR_KEY(HELLO_DEVICE) | WEIR_KEY(HELLO_BOOT)) && hello->device.size > 0;
}

bool weir_read_declaration(weir_cbor_reader* commands, weir_declaration* declaration) {
  size_t pairs;
  unsigned key, seen = 0;
  *declaration = (weir_declaration){0};
  if (!weir_cbor_read_map(commands, &pairs)) return false;
  while (weir_next_key(commands, &pairs, &key, &seen)) {
    switch (key) {
      case DECLARATION_NAME: weir_read_text_member(commands, &declaration->name); break;
      case DECLARATION_ARGS: weir_read_items_member(commands, &declaration->arg_count, &declaration->arg_reader); break;
      case DECLARATION_STATE: weir_read_text_member(commands, &declaration->state_metric); break;
      case DECLARATION_DANGEROUS: weir_cbor_read_bool(commands, &declaration->dangerous); break;
      default: weir_cbor_skip(commands);
    }
  }
  return !commands->failed && declaration->name.size > 0;
}

static void read_type(weir_cbor_reader* args, weir_argument_type* type) {
  uint32_t number;
  if (!weir_cbor_read_uint32(args, &number)) return;
  if (number > WEIR_ARGUMENT_ENUMERATION) {
    args->failed = true;
    return;
  }
  *type = (weir_argument_type)number;
}

static void read_values(weir_cbor_reader* args, weir_argument* argument) {
  if (!weir_cbor_read_array(args, &argument->value_count)) return;
  if (argument->value_count > WEIR_VALUES_MAX) args->failed = true;
  for (size_t i = 0; i < argument->value_count && !args->failed; ++i) weir_read_text_member(args, &argument->values[i]);
}

bool weir_read_argument(weir_cbor_reader* args, weir_argument* argument) {
  size_t pairs;
  unsigned key, seen = 0;
  *argument = (weir_argument){0};
  if (!weir_cbor_read_map(args, &pairs)) return false;
  while (weir_next_key(args, &pairs, &key, &seen)) {
    switch (key) {
      case ARGUMENT_NAME: weir_read_text_member(args, &argument->name); break;
      case ARGUMENT_TYPE: read_type(args, &argument->type); break;
      case ARGUMENT_MIN: argument->has_min = weir_cbor_read_number(args, &argument->min); break;
      case ARGUMENT_MAX: argument->has_max = weir_cbor_read_number(args, &argument->max); break;
      case ARGUMENT_UNIT: weir_read_text_member(args, &argument->unit); break;
      case ARGUMENT_VALUES: read_values(args, argument); break;
      case ARGUMENT_OPTIONAL: weir_cbor_read_bool(args, &argument->optional); break;
      default: weir_cbor_skip(args);
    }
  }
  return !args->failed && argument->name.size > 0;
}
