// The exports of the image library. Pairs with NativeImage.cs.
#include "Image.h"

#include <atomic>
#include <cstring>
#include <new>

#define GRANARY_EXPORT extern "C" __attribute__((visibility("default")))

namespace granary::image {

struct Error {
  Code code;
  std::string message;
};

namespace {

std::atomic<int64_t> live_errors{0};
// Reported when there is no memory even for the error; never freed.
Error out_of_memory{Code::OutOfMemory, "out of memory"};

Error* make(Code code, std::string message) noexcept {
  try {
    auto* error = new Error{code, std::move(message)};
    live_errors.fetch_add(1, std::memory_order_relaxed);
    return error;
  } catch (...) {
    return &out_of_memory;
  }
}

template <class Body>
Error* guard(Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (Failure& failure) {
    return make(failure.code, std::move(failure.message));
  } catch (const std::bad_alloc&) {
    return &out_of_memory;
  } catch (...) {
    return make(Code::Internal, "the image library failed");
  }
}

Format format_of(Bytes file) {
  static constexpr uint8_t kPng[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  static constexpr uint8_t kJpeg[3] = {0xFF, 0xD8, 0xFF};
  if (file.size >= sizeof kPng && std::memcmp(file.data, kPng, sizeof kPng) == 0) return Format::Png;
  if (file.size >= sizeof kJpeg && std::memcmp(file.data, kJpeg, sizeof kJpeg) == 0) return Format::Jpeg;
  if (file.size >= 12 && std::memcmp(file.data, "RIFF", 4) == 0 && std::memcmp(file.data + 8, "WEBP", 4) == 0) return Format::Webp;
  throw Failure{Code::Unsupported, "the data is neither a PNG nor a JPEG nor a WebP"};
}

}  // namespace
}  // namespace granary::image

using namespace granary::image;

GRANARY_EXPORT int32_t granary_image_abi() { return kAbi; }

GRANARY_EXPORT int64_t granary_image_live() { return live_errors.load(std::memory_order_relaxed); }

GRANARY_EXPORT void granary_image_error_read(const Error* error, int32_t* code, const char** text, int64_t* length) {
  *code = static_cast<int32_t>(error->code);
  *text = error->message.data();
  *length = static_cast<int64_t>(error->message.size());
}

GRANARY_EXPORT void granary_image_error_free(Error* error) {
  if (error == nullptr || error == &out_of_memory) return;
  delete error;
  live_errors.fetch_sub(1, std::memory_order_relaxed);
}

// Looks at the header only: cheap, however large the image says it is.
GRANARY_EXPORT Error* granary_image_describe(const uint8_t* data, int64_t length, int32_t* format, int32_t* width, int32_t* height) {
  return guard([&] {
    const Bytes file{data, static_cast<size_t>(length)};
    const auto kind = format_of(file);
    const auto size = kind == Format::Png ? png_size(file) : kind == Format::Jpeg ? jpeg_size(file) : webp_size(file);
    *format = static_cast<int32_t>(kind);
    *width = size.width;
    *height = size.height;
  });
}

// Fills width * height * 3 bytes; format and size are those that describe gave.
GRANARY_EXPORT Error* granary_image_decode(const uint8_t* data, int64_t length, int32_t format, int32_t width, int32_t height, uint8_t* rgb) {
  return guard([&] {
    const Bytes file{data, static_cast<size_t>(length)};
    const Size size{width, height};
    switch (static_cast<Format>(format)) {
      case Format::Png:
        png_read(file, size, rgb);
        break;
      case Format::Jpeg:
        jpeg_read(file, size, rgb);
        break;
      case Format::Webp:
        webp_read(file, size, rgb);
        break;
    }
  });
}

// In place: three bytes a pixel become one, the ITU-R 601 luma of Pillow's convert("L").
GRANARY_EXPORT void granary_image_grey(uint8_t* pixels, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const auto* rgb = pixels + 3 * i;
    pixels[i] = static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
  }
}

GRANARY_EXPORT Error* granary_image_resample(
    const uint8_t* pixels, int32_t width, int32_t height, int32_t channels, int32_t target_width, int32_t target_height,
    int32_t left, int32_t top, int32_t window_width, int32_t window_height, uint8_t* result) {
  return guard([&] { resample(pixels, {width, height}, channels, {target_width, target_height}, {left, top, window_width, window_height}, result); });
}

// A part of an image of interleaved bytes to planes of floats by a table of 256 floats a channel. `plane` is the distance of the
// planes of the target and `row` that of its rows, both in floats; `stride` is that of the image's rows in bytes.
GRANARY_EXPORT void granary_image_planes(
    const uint8_t* pixels, int64_t stride, int32_t channels, int32_t width, int32_t height, const float* table, float* target, int64_t plane, int64_t row) {
  for (int32_t y = 0; y < height; y++) {
    const auto* pixel = pixels + y * stride;
    auto* line = target + y * row;
    if (channels == 1) {
      for (int32_t x = 0; x < width; x++) line[x] = table[pixel[x]];
      continue;
    }

    auto* green = line + plane;
    auto* blue = green + plane;
    for (int32_t x = 0; x < width; x++, pixel += 3) {
      line[x] = table[pixel[0]];
      green[x] = table[256 + pixel[1]];
      blue[x] = table[512 + pixel[2]];
    }
  }
}
