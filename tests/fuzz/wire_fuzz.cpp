// Any bytes on a serial line: through the deframer, every frame opened and its body read as each type.
#include <cstdint>

#include "wire/cobs.h"
#include "wire/frame.h"
#include "wire/hello.h"
#include "wire/senml.h"

namespace {

void read_hello(weir_cbor_reader body) {
  weir_hello hello;
  if (!weir_read_hello(&body, &hello)) return;
  weir_declaration declaration;
  while (weir_read_declaration(&hello.command_reader, &declaration)) {
    weir_argument argument;
    while (weir_read_argument(&declaration.arg_reader, &argument)) continue;
  }
}

void read_readings(weir_cbor_reader body) {
  weir_readings readings;
  if (!weir_read_readings(&body, &readings)) return;
  weir_senml_base base{};
  weir_senml_record record;
  while (weir_senml_next(&readings.pack, &base, &record)) continue;
}

/// Each reader gets a copy of `body`, whatever type the frame claims to be.
void read_body(weir_cbor_reader body) {
  read_hello(body);
  read_readings(body);
  weir_ack ack;
  weir_time time;
  weir_command command;
  weir_result result;
  weir_text id;
  weir_cbor_reader copy;
  weir_read_ack(&(copy = body), &ack);
  weir_read_time(&(copy = body), &time);
  weir_read_command(&(copy = body), &command);
  weir_read_result(&(copy = body), &result);
  weir_read_result_ack(&(copy = body), &id);
}

void read_frame(const std::uint8_t* frame, std::size_t size) {
  weir_frame_type type;
  weir_cbor_reader body;
  if (weir_frame_open(frame, size, &type, &body) == WEIR_FRAME_OK) read_body(body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint8_t buffer[WEIR_FRAME_BYTES_MAX];
  weir_cobs_deframer deframer;
  weir_cobs_deframer_init(&deframer, buffer, sizeof buffer);
  for (std::size_t i = 0; i < size; ++i)
    if (weir_cobs_push(&deframer, data[i])) read_frame(buffer, deframer.size);
  weir_cbor_reader body;  // the input hardly ever has a right CRC: it is taken as a body, too
  weir_cbor_reader_init(&body, data, size);
  read_body(body);
  return 0;
}
