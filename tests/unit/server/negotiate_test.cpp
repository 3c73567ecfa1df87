#include "server/http/negotiate.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

TEST(Negotiation, GivesAPageToWhoeverAsksForNothingElse) {
  for (const char* accept : {"", "*/*", "application/json", "application/*", "text/html,application/xhtml+xml,*/*;q=0.8"}) {
    EXPECT_EQ(negotiate(accept), Delivery::page) << accept;
  }
}

TEST(Negotiation, StreamsToWhoeverNamesAStream) {
  EXPECT_EQ(negotiate("text/event-stream"), Delivery::sse);
  EXPECT_EQ(negotiate("Text/Event-Stream, */*"), Delivery::sse);
  EXPECT_EQ(negotiate("application/x-ndjson"), Delivery::ndjson);
  EXPECT_EQ(negotiate("*/*, application/x-ndjson"), Delivery::ndjson);
}

TEST(Negotiation, FollowsTheWeights) {
  EXPECT_EQ(negotiate("text/event-stream;q=0.5, application/json"), Delivery::page);
  EXPECT_EQ(negotiate("text/event-stream;q=0.9, application/json;q=0.8"), Delivery::sse);
  EXPECT_EQ(negotiate("text/event-stream;q=0, application/x-ndjson;q=0.1"), Delivery::ndjson);
}

TEST(Negotiation, RefusesWhatIsNotThere) {
  for (const char* accept : {"image/png", "text/event-stream;q=0", "application/xml, text/html"}) {
    EXPECT_FALSE(negotiate(accept)) << accept;
  }
}

}  // namespace
}  // namespace weir::gateway
