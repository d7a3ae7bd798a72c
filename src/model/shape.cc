#include <reckon/model.h>

namespace reckon {

// F(c) = 2 P_mm + 4 n_l n_q d_h c for the token that attends to c positions.
double Shape::decode_flops(int64_t context) const {
  return 2 * matmul_parameters + 4.0 * layers * query_heads * head_size * static_cast<double>(context);
}

double Shape::prefill_flops(int64_t tokens, int64_t context) const {
  if (tokens <= 0) return 0;
  double n = static_cast<double>(tokens), past = static_cast<double>(context);
  double body = 2 * (matmul_parameters - head_parameters) * n + 2 * head_parameters;
  return body + 4.0 * layers * query_heads * head_size * (past * n + n * (n + 1) / 2);
}

}  // namespace reckon
