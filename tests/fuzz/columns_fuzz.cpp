// Any bytes as a column, of which nothing may come but values or a fault; any values as a column, which gives them back.
#include "check.h"
#include "fuzz_values.h"
#include "log/columns.h"

namespace {

using namespace weir;
using namespace weir::gateway;

constexpr std::size_t count_max = 4096;

template <class T, class Read>
void read_any(std::string_view bytes, std::size_t count, Read read) {
  ByteReader in(bytes);
  std::vector<T> out;
  read(in, count, out);
  check(!in.ok() || out.size() == count);
  check(out.capacity() <= 2 * count_max);
}

void round_trip(Input in) {
  const auto types = in.take<std::uint8_t>();
  std::vector<Value> values, out;
  std::int64_t before = 0;
  while (!in.at_end() && values.size() < count_max) {
    const unsigned type = types < 128 ? types : in.take<std::uint8_t>();
    values.push_back(take_value(in, type, before));
  }
  std::string bytes;
  put_values(bytes, values);
  ByteReader reader(bytes);
  read_values(reader, values.size(), out);
  check(reader.ok() && reader.at_end() && out.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) check(same(values[i], out[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const auto mode = in.take<std::uint8_t>();
  if (mode >= 128) return round_trip(in), 0;
  const auto count = in.take<std::uint16_t>() % count_max;
  if (mode % 3 == 0) read_any<std::int64_t>(in.rest(), count, read_integers);
  if (mode % 3 == 1) read_any<double>(in.rest(), count, read_doubles);
  if (mode % 3 == 2) read_any<Value>(in.rest(), count, read_values);
  return 0;
}
