// Bilinear resampling with antialiasing, in the fixed-point arithmetic of Pillow (src/libImaging/Resample.c), so that every
// byte is the one that torchvision's Resize of a Pillow image has: weights of 22 fractional bits, rounded to a byte after
// the horizontal pass and again after the vertical one.
#include "Image.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace granary::image {
namespace {

constexpr int kPrecision = 32 - 8 - 2;
constexpr int32_t kHalf = 1 << (kPrecision - 1);

// Which source pixels make up each target pixel of one dimension, and with what weights.
struct Taps {
  int32_t most = 0;             // weights stored for each target pixel
  std::vector<int32_t> first;   // first source pixel
  std::vector<int32_t> count;   // how many
  std::vector<int32_t> weight;  // `most` each
};

Taps taps_of(int32_t source, int32_t target, int32_t from, int32_t number) {
  const double scale = static_cast<double>(source) / target;
  const double stretch = std::max(scale, 1.0);
  Taps taps;
  taps.most = static_cast<int32_t>(std::ceil(stretch)) * 2 + 1;
  taps.first.resize(number);
  taps.count.resize(number);
  taps.weight.resize(static_cast<size_t>(number) * taps.most);
  std::vector<double> raw(taps.most);
  for (int32_t i = 0; i < number; i++) {
    const double center = (from + i + 0.5) * scale;
    const auto low = std::max(0, static_cast<int32_t>(center - stretch + 0.5));
    const auto high = std::min(source, static_cast<int32_t>(center + stretch + 0.5));
    double sum = 0;
    for (int32_t x = low; x < high; x++) {
      const double distance = std::abs((x - center + 0.5) * (1.0 / stretch));
      raw[x - low] = distance < 1.0 ? 1.0 - distance : 0.0;
      sum += raw[x - low];
    }

    taps.first[i] = low;
    taps.count[i] = high - low;
    auto* weight = &taps.weight[static_cast<size_t>(i) * taps.most];
    for (int32_t x = 0; x < high - low; x++) weight[x] = static_cast<int32_t>(0.5 + (sum != 0.0 ? raw[x] / sum : raw[x]) * (1 << kPrecision));
  }

  return taps;
}

uint8_t to_byte(int32_t value) { return static_cast<uint8_t>(std::min(255, value >> kPrecision)); }

template <int Channels>
void row_scalar(const uint8_t* source, const Taps& taps, uint8_t* target) {
  const auto number = static_cast<int32_t>(taps.first.size());
  for (int32_t i = 0; i < number; i++, target += Channels) {
    int32_t sums[Channels];
    std::fill_n(sums, Channels, kHalf);
    const auto* pixel = source + static_cast<size_t>(taps.first[i]) * Channels;
    const auto* weight = &taps.weight[static_cast<size_t>(i) * taps.most];
    for (int32_t x = 0; x < taps.count[i]; x++, pixel += Channels) {
      for (int c = 0; c < Channels; c++) sums[c] += pixel[c] * weight[x];
    }

    for (int c = 0; c < Channels; c++) target[c] = to_byte(sums[c]);
  }
}

#if defined(__x86_64__)
// Four bytes are read for each pixel of three: one byte after the last pixel must be readable.
__attribute__((target("sse4.1"))) void row_sse41(const uint8_t* source, const Taps& taps, uint8_t* target) {
  const auto number = static_cast<int32_t>(taps.first.size());
  for (int32_t i = 0; i < number; i++, target += 3) {
    auto sums = _mm_set1_epi32(kHalf);
    const auto* pixel = source + static_cast<size_t>(taps.first[i]) * 3;
    const auto* weight = &taps.weight[static_cast<size_t>(i) * taps.most];
    for (int32_t x = 0; x < taps.count[i]; x++, pixel += 3) {
      int32_t bytes;
      __builtin_memcpy(&bytes, pixel, 4);
      sums = _mm_add_epi32(sums, _mm_mullo_epi32(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes)), _mm_set1_epi32(weight[x])));
    }

    const auto words = _mm_packus_epi32(_mm_srai_epi32(sums, kPrecision), _mm_setzero_si128());
    const auto packed = static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
    target[0] = static_cast<uint8_t>(packed);
    target[1] = static_cast<uint8_t>(packed >> 8);
    target[2] = static_cast<uint8_t>(packed >> 16);
  }
}
#endif

void horizontal(const uint8_t* source, int32_t channels, const Taps& taps, uint8_t* target) {
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("sse4.1");
  if (fast && channels == 3) {
    row_sse41(source, taps, target);
    return;
  }
#endif
  if (channels == 3) row_scalar<3>(source, taps, target);
  else row_scalar<1>(source, taps, target);
}

#if defined(__x86_64__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
void vertical(const uint8_t* rows, size_t stride, int32_t count, const int32_t* weight, uint8_t* target) {
  constexpr size_t kBlock = 32;
  size_t at = 0;
  for (; at + kBlock <= stride; at += kBlock) {
    int32_t sums[kBlock];
    for (size_t i = 0; i < kBlock; i++) sums[i] = kHalf;
    for (int32_t y = 0; y < count; y++) {
      const auto* row = rows + y * stride + at;
      for (size_t i = 0; i < kBlock; i++) sums[i] += row[i] * weight[y];
    }

    for (size_t i = 0; i < kBlock; i++) target[at + i] = to_byte(sums[i]);
  }

  for (; at < stride; at++) {
    int32_t sum = kHalf;
    for (int32_t y = 0; y < count; y++) sum += rows[y * stride + at] * weight[y];
    target[at] = to_byte(sum);
  }
}

}  // namespace

void resample(const uint8_t* pixels, Size size, int32_t channels, Size target, Window window, uint8_t* result) {
  const bool narrows = target.width != size.width;
  const bool flattens = target.height != size.height;
  const auto rows = taps_of(size.height, target.height, window.top, window.height);
  const auto first = flattens ? rows.first.front() : window.top;
  const auto last = flattens ? rows.first.back() + rows.count.back() : window.top + window.height;
  const auto stride = static_cast<size_t>(window.width) * channels;
  const auto source_stride = static_cast<size_t>(size.width) * channels;
  // Only the rows and columns that the window needs are computed, each just as for the whole image.
  std::unique_ptr<uint8_t[]> between;
  const auto* source = pixels + first * source_stride + static_cast<size_t>(window.left) * channels;
  auto* narrow = result;
  if (narrows) {
    if (flattens) {
      between.reset(new uint8_t[stride * (last - first)]);
      narrow = between.get();
    }

    const auto columns = taps_of(size.width, target.width, window.left, window.width);
    for (int32_t y = first; y < last; y++) horizontal(pixels + y * source_stride, channels, columns, narrow + (y - first) * stride);
    if (!flattens) return;
    source = narrow;
  } else {
    // The same width: the columns of the window as they are.
    between.reset(new uint8_t[stride * (last - first)]);
    for (int32_t y = first; y < last; y++) std::copy_n(source + (y - first) * source_stride, stride, between.get() + (y - first) * stride);
    source = between.get();
  }

  // Without a change of height the weights would be those of the rows themselves, and of one beyond the last.
  if (!flattens) {
    std::copy_n(source, stride * window.height, result);
    return;
  }

  for (int32_t y = 0; y < window.height; y++) {
    const auto* weight = &rows.weight[static_cast<size_t>(y) * rows.most];
    vertical(source + (rows.first[y] - first) * stride, stride, rows.count[y], weight, result + y * stride);
  }
}

}  // namespace granary::image
