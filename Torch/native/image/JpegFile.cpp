// JPEG through libjpeg: grey, YCbCr, RGB, CMYK and YCCK, baseline and progressive.
#include "Image.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <jpeglib.h>

namespace granary::image {
namespace {

// A progressive picture has about ten scans; thousands of tiny ones only cost time.
constexpr int kMaxScans = 500;

// libjpeg leaves by longjmp, so the functions that call it hold nothing that needs a destructor; this is outside of them.
struct Session {
  explicit Session(Bytes file) {
    std::memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = fail;
    errors.emit_message = ignore;
    errors.output_message = [](j_common_ptr) {};
    jpeg.client_data = this;
    source.next_input_byte = file.data;
    source.bytes_in_buffer = file.size;
    source.init_source = [](j_decompress_ptr) {};
    source.fill_input_buffer = end;
    source.skip_input_data = skip;
    source.resync_to_restart = jpeg_resync_to_restart;
    source.term_source = [](j_decompress_ptr) {};
    progress.progress_monitor = watch;
  }
  // Does nothing to what was never created: its memory manager is null.
  ~Session() { jpeg_destroy_decompress(&jpeg); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[noreturn]] static void leave(j_common_ptr jpeg, const char* message) {
    auto* session = static_cast<Session*>(jpeg->client_data);
    std::snprintf(session->message, sizeof session->message, "%s", message);
    std::longjmp(session->back, 1);
  }

  static void fail(j_common_ptr jpeg) {
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    leave(jpeg, text);
  }

  static void ignore(j_common_ptr, int) {}

  static boolean end(j_decompress_ptr jpeg) { leave(reinterpret_cast<j_common_ptr>(jpeg), "the data ends too early"); }

  static void skip(j_decompress_ptr jpeg, long bytes) {
    if (bytes <= 0) return;
    if (static_cast<size_t>(bytes) > jpeg->src->bytes_in_buffer) end(jpeg);
    jpeg->src->next_input_byte += bytes;
    jpeg->src->bytes_in_buffer -= bytes;
  }

  static void watch(j_common_ptr jpeg) {
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > kMaxScans) leave(jpeg, "it has more than 500 scans");
  }

  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_source_mgr source;
  jpeg_progress_mgr progress;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX] = "";
};

bool read_header(Session& session) {
  if (setjmp(session.back) != 0) return false;
  jpeg_create_decompress(&session.jpeg);
  session.jpeg.client_data = &session;
  session.jpeg.src = &session.source;
  session.jpeg.progress = &session.progress;
  jpeg_read_header(&session.jpeg, TRUE);
  return true;
}

// As Pillow takes it: inverted, as Adobe's programs write it, and black taken off without a colour profile.
void cmyk_to_rgb(const uint8_t* cmyk, int32_t pixels, uint8_t* rgb) {
  for (int32_t i = 0; i < pixels; i++, cmyk += 4, rgb += 3) {
    // The stored values are inverted already: 255 - k of the picture is what the file has.
    const int light = cmyk[3];
    for (int c = 0; c < 3; c++) {
      const int product = (255 - cmyk[c]) * light + 128;
      const int value = light - (((product >> 8) + product) >> 8);
      rgb[c] = static_cast<uint8_t>(value < 0 ? 0 : value);
    }
  }
}

// The grey row lies in the last third of the RGB row, so that writing never overtakes reading.
void grey_to_rgb(const uint8_t* grey, int32_t pixels, uint8_t* rgb) {
  for (int32_t i = 0; i < pixels; i++) {
    const uint8_t value = grey[i];
    rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = value;
  }
}

bool read_rows(Session& session, Size size, uint8_t* cmyk, uint8_t* rgb) {
  if (setjmp(session.back) != 0) return false;
  auto& jpeg = session.jpeg;
  const int components = jpeg.num_components;
  jpeg.out_color_space = components == 1 ? JCS_GRAYSCALE : components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  if (static_cast<int64_t>(jpeg.output_width) != size.width || static_cast<int64_t>(jpeg.output_height) != size.height
      || jpeg.output_components != components)
    Session::leave(reinterpret_cast<j_common_ptr>(&jpeg), "it has two sizes");
  const auto width = static_cast<size_t>(size.width);
  while (jpeg.output_scanline < jpeg.output_height) {
    auto* row = rgb + jpeg.output_scanline * width * 3;
    JSAMPROW target = components == 1 ? row + 2 * width : components == 4 ? cmyk : row;
    jpeg_read_scanlines(&jpeg, &target, 1);
    if (components == 1) grey_to_rgb(target, size.width, row);
    if (components == 4) cmyk_to_rgb(target, size.width, row);
  }

  return true;
}

[[noreturn]] void damaged(const Session& session) {
  throw Failure{Code::Damaged, std::string("the JPEG cannot be read: ") + session.message};
}

void open(Session& session) {
  if (!read_header(session)) damaged(session);
  const int components = session.jpeg.num_components;
  if (components != 1 && components != 3 && components != 4)
    throw Failure{Code::Unsupported, "the JPEG has " + std::to_string(components) + " components; 1 (grey), 3 (RGB) and 4 (CMYK) can be read"};
}

}  // namespace

Size jpeg_size(Bytes file) {
  Session session(file);
  open(session);
  return {static_cast<int32_t>(session.jpeg.image_width), static_cast<int32_t>(session.jpeg.image_height)};
}

void jpeg_read(Bytes file, Size size, uint8_t* rgb) {
  Session session(file);
  open(session);
  std::vector<uint8_t> cmyk(session.jpeg.num_components == 4 ? static_cast<size_t>(size.width) * 4 : 0);
  if (!read_rows(session, size, cmyk.data(), rgb)) damaged(session);
}

}  // namespace granary::image
