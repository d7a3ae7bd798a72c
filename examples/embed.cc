// Solves a question from another program: embed MODEL QUESTION
#include <reckon/error.h>
#include <reckon/reckon.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: embed MODEL QUESTION\n";
    return 2;
  }
  try {
    reckon::Session session({.model = argv[1]});
    reckon::Result result = session.solve(argv[2], {.strategy = "adaptive", .budget = {.tokens = 4000}});
    std::cout << (result.outcome.answer ? result.outcome.answer->text : "no answer") << '\n';
    std::cout << reckon::to_text(result.receipt);
  } catch (const reckon::Error& error) {
    std::cerr << error.what() << '\n';
    return exit_code(error.code());
  }
}
