#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "models/download.h"

#include <reckon/error.h>

namespace reckon {
namespace {
struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
}  // namespace

std::string sha256_of(const std::filesystem::path& file, const PullWatch& watch) {
  std::error_code unknown;
  auto total = static_cast<int64_t>(std::filesystem::file_size(file, unknown));
  std::ifstream in(file, std::ios::binary);
  if (!in || unknown) throw Error(Code::environment, fmt::format("cannot read {}", file.string()));
  std::unique_ptr<EVP_MD_CTX, DigestFree> context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<char> buffer(1 << 20);
  for (int64_t done = 0; in; watch.tell("checking", done, total)) {
    if (watch.stop()) throw Error(Code::cancelled, "interrupted; run the same command to go on");
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<size_t>(in.gcount()));
    done += in.gcount();
  }
  if (in.bad()) throw Error(Code::environment, fmt::format("cannot read {}", file.string()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace reckon
