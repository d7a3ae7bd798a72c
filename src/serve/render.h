#pragma once
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "serve/live_text.h"
#include "serve/runs.h"

namespace reckon {

// What every surface needs to say about a request.
struct Heading {
  std::string id;  // of the request, without the surface's prefix
  int64_t created = 0;
  const Ask& ask;  // outlives the surface
  int prompt_tokens = 0;
  std::string think_open, think_close;  // empty: the text is not taken apart
  LiveText live_text() const { return {ask.form, think_open, think_close, ask.hide_reasoning}; }
};

// Writes one answer in the form of one surface: render() whole, or start, text, finish or fail as events.
class Surface {
 public:
  virtual ~Surface() = default;
  virtual std::string render(const Done& done) = 0;
  virtual void start() = 0;
  virtual void text(size_t choice, std::string_view piece) = 0;  // with a vote: of the lead sample
  virtual void progress(const Progress::Event& event) = 0;
  virtual void finish(const Done& done) = 0;
  virtual void fail(const Error& error) = 0;
};

std::unique_ptr<Surface> chat_surface(Heading heading, Responder& responder);
std::unique_ptr<Surface> completion_surface(Heading heading, Responder& responder);
std::unique_ptr<Surface> messages_surface(Heading heading, Responder& responder);
std::unique_ptr<Surface> responses_surface(Heading heading, Responder& responder);

// Tokens of a request as the surfaces count them: `output` holds those of all samples, `cached` is part of `input`,
// `reasoning` (of the samples that ended) part of `output`.
struct Tokens {
  int64_t input = 0, cached = 0, output = 0, reasoning = 0;
};
Tokens tokens_of(const Done& done);

// The reckon{} object of a response: policy, votes, why it stopped, usage in parts, the receipt, warnings.
boost::json::object reckon_object(const Ask& ask, const Done& done);
boost::json::object progress_object(const Progress::Event& event);

// Log-probabilities of a choice; null where they were not asked for.
boost::json::value chat_logprobs(const Ask& ask, const Choice& choice);
boost::json::value completion_logprobs(const Ask& ask, const Choice& choice);
// Bytes of tokens as text: what is not UTF-8 becomes U+FFFD.
std::string readable(std::string_view bytes);

}  // namespace reckon
