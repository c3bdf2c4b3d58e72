// PNG through libpng.
#include "Image.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <png.h>

namespace granary::image {
namespace {

// Larger than the text or profile of any honest picture; what is larger is skipped.
constexpr png_alloc_size_t kMaxChunkBytes = 4 << 20;
constexpr png_uint_32 kMaxSide = 1 << 20;

// libpng leaves by longjmp, so the functions that call it hold nothing that needs a destructor; this is outside of them.
struct Session {
  explicit Session(Bytes file) : at(file.data), left(file.size) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, ignore);
    info = png != nullptr ? png_create_info_struct(png) : nullptr;
    if (info != nullptr) return;
    png_destroy_read_struct(&png, nullptr, nullptr);
    throw Failure{Code::OutOfMemory, "there is no memory to read the PNG"};
  }
  ~Session() { png_destroy_read_struct(&png, &info, nullptr); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  static void read(png_structp png, png_bytep target, size_t size) {
    auto* session = static_cast<Session*>(png_get_io_ptr(png));
    if (size > session->left) png_error(png, "the data ends too early");
    std::memcpy(target, session->at, size);
    session->at += size;
    session->left -= size;
  }

  [[noreturn]] static void fail(png_structp png, png_const_charp message) {
    auto* session = static_cast<Session*>(png_get_error_ptr(png));
    std::snprintf(session->message, sizeof session->message, "%s", message);
    png_longjmp(png, 1);
  }

  static void ignore(png_structp, png_const_charp) {}

  png_structp png = nullptr;
  png_infop info = nullptr;
  const uint8_t* at;
  size_t left;
  char message[160] = "";
};

bool read_header(Session& session) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;
  png_set_read_fn(session.png, &session, Session::read);
  png_set_user_limits(session.png, kMaxSide, kMaxSide);
  png_set_chunk_malloc_max(session.png, kMaxChunkBytes);
  png_read_info(session.png, session.info);
  return true;
}

// Grey of 16 bits becomes what Pillow makes of it: its mode I, whose values above 255 are white in RGB.
// The 16-bit rows lie in the last two thirds of `rgb`, so that writing never overtakes reading.
void clip_grey16(uint8_t* rgb, size_t pixels) {
  const auto* source = rgb + pixels;
  for (size_t i = 0; i < pixels; i++) {
    const uint8_t value = source[2 * i] != 0 ? 255 : source[2 * i + 1];
    rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = value;
  }
}

bool read_rows(Session& session, Size size, uint8_t* rgb) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;
  auto* png = session.png;
  const auto type = png_get_color_type(png, session.info);
  const auto depth = png_get_bit_depth(png, session.info);
  const bool grey16 = type == PNG_COLOR_TYPE_GRAY && depth == 16;
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (!grey16) {
    if (depth == 16) png_set_strip_16(png);
    if ((type & PNG_COLOR_MASK_ALPHA) != 0 || type == PNG_COLOR_TYPE_PALETTE) png_set_strip_alpha(png);
    if ((type & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(png);
  }

  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, session.info);
  const auto pixels = static_cast<size_t>(size.width) * size.height;
  const size_t stride = static_cast<size_t>(size.width) * (grey16 ? 2 : 3);
  if (png_get_rowbytes(png, session.info) != stride) png_error(png, "its rows have an unexpected length");
  auto* rows = grey16 ? rgb + pixels : rgb;
  for (int pass = 0; pass < passes; pass++) {
    for (int32_t row = 0; row < size.height; row++) png_read_row(png, rows + row * stride, nullptr);
  }

  if (grey16) clip_grey16(rgb, pixels);
  return true;
}

[[noreturn]] void damaged(const Session& session) { throw Failure{Code::Damaged, std::string("the PNG is damaged: ") + session.message}; }

}  // namespace

Size png_size(Bytes file) {
  // The header chunk always comes first: 8 bytes of signature, 8 of length and name, then width and height.
  if (file.size < 33 || std::memcmp(file.data + 12, "IHDR", 4) != 0) throw Failure{Code::Damaged, "the PNG is damaged: it has no whole header"};
  const auto number = [&](size_t at) {
    return static_cast<uint32_t>(file.data[at]) << 24 | static_cast<uint32_t>(file.data[at + 1]) << 16 | static_cast<uint32_t>(file.data[at + 2]) << 8 | file.data[at + 3];
  };
  const auto width = number(16), height = number(20);
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX) throw Failure{Code::Damaged, "the PNG is damaged: its size is not one"};
  return {static_cast<int32_t>(width), static_cast<int32_t>(height)};
}

void png_read(Bytes file, Size size, uint8_t* rgb) {
  Session session(file);
  if (!read_header(session)) damaged(session);
  if (static_cast<int64_t>(png_get_image_width(session.png, session.info)) != size.width
      || static_cast<int64_t>(png_get_image_height(session.png, session.info)) != size.height)
    throw Failure{Code::Damaged, "the PNG is damaged: it has two sizes"};
  if (!read_rows(session, size, rgb)) damaged(session);
}

}  // namespace granary::image
