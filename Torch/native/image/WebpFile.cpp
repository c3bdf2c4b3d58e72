// WebP through libwebp: lossy and lossless still images.
#include "Image.h"

#include <webp/decode.h>

namespace granary::image {
namespace {

[[noreturn]] void refuse(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      throw Failure{Code::OutOfMemory, "there is no memory to read the WebP"};
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      throw Failure{Code::Unsupported, "the WebP uses a feature that libwebp does not support"};
    case VP8_STATUS_NOT_ENOUGH_DATA:
      throw Failure{Code::Damaged, "the WebP is damaged: the data ends too early"};
    default:
      throw Failure{Code::Damaged, "the WebP is damaged: libwebp gives up with code " + std::to_string(status)};
  }
}

}  // namespace

Size webp_size(Bytes file) {
  WebPBitstreamFeatures features;
  const auto status = WebPGetFeatures(file.data, file.size, &features);
  if (status != VP8_STATUS_OK) refuse(status);
  if (features.has_animation) throw Failure{Code::Unsupported, "the WebP is an animation; send one picture"};
  return {features.width, features.height};
}

void webp_read(Bytes file, Size size, uint8_t* rgb) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) throw Failure{Code::Internal, "libwebp is of another version than the one that Granary was built with"};
  const auto stride = static_cast<size_t>(size.width) * 3;
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = rgb;
  config.output.u.RGBA.stride = static_cast<int>(stride);
  config.output.u.RGBA.size = stride * size.height;
  const auto status = WebPDecode(file.data, file.size, &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) refuse(status);
}

}  // namespace granary::image
