// What every file of the image library shares. The rules of the seam are those of the libtorch shim: every export returns an
// error object (null = fine) and results by out-parameter; catch (...) is last; nothing thrown crosses the boundary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace granary::image {

// Raised whenever an export or its parameters change; ImageRuntime.cs compares it at load.
constexpr int32_t kAbi = 1;

// The numbers of ImageFailure in C#.
enum class Code : int32_t {
  Damaged = 1,
  Unsupported = 2,
  OutOfMemory = 3,
  Internal = 4,
};

// A message that is fit for a client.
struct Failure {
  Code code;
  std::string message;
};

// The numbers of ImageFormat in C#.
enum class Format : int32_t {
  Png = 1,
  Jpeg = 2,
  Webp = 3,
};

struct Bytes {
  const uint8_t* data;
  size_t size;
};

struct Size {
  int32_t width;
  int32_t height;
};

// Each reader takes the size from the header, and later fills width * height * 3 bytes of RGB, rows from the top, as
// Pillow's convert("RGB") of the same file does: transparency dropped, colour profiles and gamma ignored, not turned.
Size png_size(Bytes file);
void png_read(Bytes file, Size size, uint8_t* rgb);
Size jpeg_size(Bytes file);
void jpeg_read(Bytes file, Size size, uint8_t* rgb);
Size webp_size(Bytes file);
void webp_read(Bytes file, Size size, uint8_t* rgb);

// A part of an image, in pixels.
struct Window {
  int32_t left;
  int32_t top;
  int32_t width;
  int32_t height;
};

// The part `window` of the image scaled to `target`, bilinear with antialiasing: the bits of Pillow's Image.resize.
// `pixels` has `channels` (1 or 3) bytes a pixel and one readable byte after the last; `result` has room for the window alone.
void resample(const uint8_t* pixels, Size size, int32_t channels, Size target, Window window, uint8_t* result);

}  // namespace granary::image
