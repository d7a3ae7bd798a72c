#include "eval/text_file.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zstd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include <reckon/error.h>

namespace reckon {
namespace {

std::string unpacked(const std::string& packed, const std::string& path) {
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::vector<char> chunk(ZSTD_DStreamOutSize());
  std::string text;
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  size_t left = 1;
  while (in.pos < in.size) {
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left))
      throw Error(Code::invalid_request,
                  fmt::format("{}: not a readable zstd file ({})", path, ZSTD_getErrorName(left)));
    text.append(chunk.data(), out.pos);
  }
  while (left != 0) {  // what the last chunk had no room for
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) || (left != 0 && out.pos == 0))
      throw Error(Code::invalid_request, fmt::format("{}: the zstd file ends in the middle", path));
    text.append(chunk.data(), out.pos);
  }
  return text;
}

}  // namespace

std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(Code::not_found, fmt::format("{} cannot be read", path));
  std::stringstream text;
  text << file.rdbuf();
  return path.ends_with(".zst") ? unpacked(text.str(), path) : text.str();
}

std::string sha256(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr) != 1)
    throw Error(Code::internal, "SHA-256 is not available in this build of OpenSSL");
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace reckon
