#include <algorithm>
#include <charconv>
#include <ostream>
#include <thread>

#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/event_parser.h"
#include "cli/record_text.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds wait_least{1'000}, wait_most{30'000};

class Tail {
 public:
  Tail(ApiClient& client, Environment& environment, const Arguments& arguments, std::uint64_t count)
      : client_(client),
        environment_(environment),
        parameters_(record_parameters(arguments)),
        json_(arguments.has("json")),
        left_(count) {
    if (arguments.has("snapshot")) parameters_.emplace_back("snapshot", "1");
  }

  int follow() {
    for (;;) {
      parser_.restart();
      const auto answer = client_.events(target("/v1/stream", parameters_), parser_.last_id(), [this](std::string_view bytes) {
        return parser_.feed(bytes, [this](const Event& event) { return take(event); });
      });
      if (ended_) return done;
      if (answer && answer->status == 204) return done;
      if (!answer && (answer.error().code != ErrorCode::unavailable || !connected_)) {
        // A gateway that is full may have room later; one that refuses us will go on refusing.
        if (answer.error().code != ErrorCode::full || !connected_) return complain(environment_, answer.error());
      }
      pause(answer ? "the stream was cut" : answer.error().message);
    }
  }

 private:
  bool take(const Event& event) {
    connected_ = true;
    wait_ = parser_.retry().value_or(wait_least);
    std::erase_if(parameters_, [](const auto& parameter) { return parameter.first == "snapshot"; });  // not again after a cut
    if (event.type == "end") return !(ended_ = true);
    const auto record = nlohmann::ordered_json::parse(event.data, nullptr, false);
    environment_.out << (json_ || record.is_discarded() ? event.data : record_text(record)) << std::endl;
    ended_ = !environment_.out || (left_ > 0 && --left_ == 0);
    return !ended_;
  }

  void pause(const std::string& why) {
    environment_.err << "weir: " << why << "; trying again in " << wait_.count() << " ms" << std::endl;
    std::this_thread::sleep_for(wait_);
    wait_ = std::clamp(wait_ * 2, wait_least, wait_most);
  }

  ApiClient& client_;
  Environment& environment_;
  Parameters parameters_;
  const bool json_;
  std::uint64_t left_;  // 0: no end
  EventParser parser_;
  bool connected_ = false, ended_ = false;
  milliseconds wait_ = wait_least;
};

}  // namespace

int run_tail(const Arguments& arguments, Environment& environment) {
  std::uint64_t count = 0;
  const std::string text = arguments.get("count");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (arguments.has("count") && (error != std::errc{} || end != text.data() + text.size() || count == 0)) {
    environment.err << "weir: --count \"" << text << "\" is not a number from 1\n";
    return misused;
  }
  auto client = ApiClient::open(arguments, environment);
  if (!client) return complain(environment, client.error()), misused;
  return Tail(**client, environment, arguments, count).follow();
}

}  // namespace weir::gateway::cli
