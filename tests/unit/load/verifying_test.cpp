// A load generator that overlooks a fault would prove anything: what it has to find, it is shown here.
#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "load/generic_record.h"
#include "load/histogram.h"
#include "load/order.h"
#include "load/record_scanner.h"

namespace weir::bench {
namespace {

OrderFaults faults_of(const std::vector<std::uint64_t>& numbers, std::uint64_t last) {
  Order order(1);
  for (const auto number : numbers) order.take(number);
  return order.faults(last);
}

void expect(const OrderFaults& faults, std::uint64_t lost, std::uint64_t repeated, std::uint64_t out_of_order) {
  EXPECT_EQ(faults.lost, lost);
  EXPECT_EQ(faults.repeated, repeated);
  EXPECT_EQ(faults.out_of_order, out_of_order);
}

TEST(Order, TellsApartWhatIsLostRepeatedAndLate) {
  expect(faults_of({1, 2, 3}, 3), 0, 0, 0);
  expect(faults_of({2, 3}, 3), 1, 0, 0);
  expect(faults_of({1, 4}, 4), 2, 0, 0);
  expect(faults_of({1, 2}, 5), 3, 0, 0);
  expect(faults_of({1, 1, 2}, 2), 0, 1, 0);
  expect(faults_of({1, 3, 2}, 3), 0, 0, 1);
  expect(faults_of({1, 5, 3, 3}, 5), 2, 1, 1);
  expect(faults_of({}, 4), 4, 0, 0);
}

TEST(Order, WithoutAFirstNumberCountsFromWhateverComesFirst) {
  Order order;
  for (const std::uint64_t number : {70, 71, 73}) order.take(number);
  expect(order.faults(0), 1, 0, 0);
}

TEST(Order, AgreesWithASetForWhateverArrives) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> numbers(100);
    for (auto& number : numbers) number = 1 + random() % 120;
    std::set<std::uint64_t> seen;
    std::uint64_t highest = 0, repeated = 0, late = 0;
    for (const auto number : numbers) {
      if (!seen.insert(number).second)
        ++repeated;
      else if (number < highest)
        ++late;
      highest = std::max(highest, number);
    }
    expect(faults_of(numbers, 120), 120 - seen.size(), repeated, late);
  }
}

struct Scan {
  std::unique_ptr<PublishTimes> times = std::make_unique<PublishTimes>();
  Deliveries deliveries;
  RecordScanner scanner{deliveries, times.get()};
  Order order{1};
};

TEST(RecordScanner, FindsEveryRecordOfAListWhateverItsLength) {
  Scan scan;
  std::string text = R"({"op":"records","id":"","cursor":"7-1","records":[)";
  for (int i = 1; i <= 1200; ++i)
    text += R"({"seq":)" + std::to_string(i + 5) + R"(,"device":")" + std::string(static_cast<std::size_t>(i % 7), 'd') +
            R"(","value":)" + std::to_string(i) + "},";
  const auto found = scan.scanner.scan(text, 0, scan.order);
  EXPECT_EQ(found.count, 1200U);
  EXPECT_EQ(found.last_seq, 1205U);
  expect(scan.order.faults(1200), 0, 0, 0);
}

TEST(RecordScanner, PassesOverWhatIsNoReading) {
  Scan scan;
  EXPECT_EQ(scan.scanner.scan(R"({"kind":"gap","from":"7-1","to":"7-3","lost":2,"reason":"expired"})", 0, scan.order).count, 0U);
  EXPECT_EQ(scan.scanner.scan("", 0, scan.order).count, 0U);
}

TEST(RecordScanner, MeasuresFromTheTimeThatAGenericRecordCarries) {
  Deliveries deliveries;
  deliveries.measured = true;
  RecordScanner scanner(deliveries, nullptr);
  Order order;
  const GenericRecord record(3, 1000);
  EXPECT_EQ(record.view().size(), 120U);
  scanner.scan(record.view(), 51'000, order);
  EXPECT_EQ(order.next(), 4U);
  EXPECT_EQ(deliveries.latencies.longest(), 50'000U);
}

TEST(Histogram, PercentilesAreRightToTwoPercent) {
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 100'000; ++i) histogram.add(i * 1000);
  for (const double share : {0.5, 0.9, 0.99, 0.999})
    EXPECT_NEAR(static_cast<double>(histogram.at(share)), share * 1e8, share * 2e6) << share;
  EXPECT_EQ(histogram.at(1), 100'000'000U);
}

}  // namespace
}  // namespace weir::bench
