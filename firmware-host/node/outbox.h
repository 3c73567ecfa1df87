// Outbox: MQTT messages that the broker has not acknowledged.
//
// Purpose    in order, sent again after a broken connection.
// Thread     one.
// Ownership  its messages.
// Limits     `capacity` messages. Full: the oldest is dropped and counted.
// Errors     none.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace weir::firmware {

class Outbox {
 public:
  struct Message {
    std::uint64_t number;
    std::string topic;
    std::string payload;
    bool acknowledged = false;
  };

  explicit Outbox(std::size_t capacity) : capacity_(capacity) {}

  void add(std::string topic, std::string payload) {
    if (messages_.size() == capacity_) {
      pop();
      ++dropped_;
    }
    messages_.push_back({first_ + messages_.size(), std::move(topic), std::move(payload), false});
  }

  /// The next to be sent; null: all are under way, or `window` of them.
  const Message* next(std::size_t window) {
    while (sent_ < messages_.size() && messages_[sent_].acknowledged) ++sent_;
    if (sent_ == messages_.size() || sent_ >= window) return nullptr;
    return &messages_[sent_++];
  }

  void acknowledge(std::uint64_t number) {
    if (number < first_ || number - first_ >= messages_.size()) return;
    messages_[number - first_].acknowledged = true;
    while (!messages_.empty() && messages_.front().acknowledged) pop();
  }

  void send_again() { sent_ = 0; }

  std::size_t size() const { return messages_.size(); }
  std::size_t room() const { return capacity_ - messages_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  void pop() {
    messages_.pop_front();
    ++first_;
    if (sent_ > 0) --sent_;
  }

  const std::size_t capacity_;
  std::deque<Message> messages_;
  std::uint64_t first_ = 1;  // the number of the front
  std::size_t sent_ = 0;     // how many of them are under way
  std::uint64_t dropped_ = 0;
};

}  // namespace weir::firmware
