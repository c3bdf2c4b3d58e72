// What every file of the shim shares: export macro, error objects, tapes and counters.
// The rules of the seam: every export returns an error object (null = fine) and results by out-parameter;
// catch (...) is last; nothing thrown crosses the boundary.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>

#define GRANARY_EXPORT extern "C" __attribute__((visibility("default")))

namespace granary {

// Raised whenever an export, its parameters or a tape changes; TorchRuntime.cs compares it at load.
constexpr int32_t kAbi = 3;

// Values nest no deeper than this, in either direction.
constexpr int kMaxDepth = 256;

// The numbers of TorchFailure in C#.
enum class Code : int32_t {
  Model = 1,
  Arguments = 2,
  Load = 3,
  MissingOperator = 4,
  Unsupported = 5,
  OutOfMemory = 6,
  Library = 7,
  NoMethod = 8,
  Internal = 9,
};

// What the shim itself throws: a message that is fit for a client.
struct Failure {
  Code code;
  std::string message;
};

struct Error {
  Code code;
  std::string message;
};

// Live objects; leak tests read them through granary_runtime_live.
struct Counters {
  std::atomic<int64_t> modules{0};
  std::atomic<int64_t> results{0};
  std::atomic<int64_t> errors{0};
  std::atomic<int64_t> storages{0};
};
extern Counters counters;

// Turns the exception in flight into an error object. `fallback` is the code of what is not recognised.
Error* catch_error(Code fallback) noexcept;

// Runs the body of an export.
template <class Body>
Error* guard(Code fallback, Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (...) {
    return catch_error(fallback);
  }
}

// What the exception in flight says, cleaned of C++ backtraces, source paths and TorchScript noise.
Failure describe_exception(Code fallback);

// First byte of every value on a tape; the same numbers are in TapeTag of C#.
enum class Tag : uint8_t {
  None = 0,
  Tensor = 1,
  Int = 2,
  Float = 3,
  Complex = 4,
  Bool = 5,
  String = 6,
  List = 7,
  Tuple = 8,
  NamedTuple = 9,
  Dict = 10,
};
const char* tag_name(Tag tag);

// Grows from a buffer inside the object, so that a small tape costs no allocation.
class TapeWriter {
 public:
  TapeWriter() = default;
  TapeWriter(const TapeWriter&) = delete;
  TapeWriter& operator=(const TapeWriter&) = delete;

  template <class T>
  void put(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(reserve(sizeof value), &value, sizeof value);
  }

  void put_string(std::string_view text) {
    put(static_cast<uint32_t>(text.size()));
    std::memcpy(reserve(text.size()), text.data(), text.size());
  }

  const uint8_t* data() const { return heap_.empty() ? inline_ : heap_.data(); }
  size_t size() const { return size_; }

 private:
  uint8_t* reserve(size_t bytes) {
    const size_t at = size_;
    size_ += bytes;
    if (heap_.empty()) {
      if (size_ <= sizeof inline_) return inline_ + at;
      heap_.reserve(size_ * 2);
      heap_.assign(inline_, inline_ + at);
    }
    heap_.resize(size_);
    return heap_.data() + at;
  }

  size_t size_ = 0;
  std::vector<uint8_t> heap_;
  uint8_t inline_[160];
};

// Reads what C# wrote; every read is checked against the end.
class TapeReader {
 public:
  TapeReader(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }

  std::string_view get_string() {
    const auto length = get<uint32_t>();
    return {reinterpret_cast<const char*>(take(length)), length};
  }

  // A count of things of which each takes at least `bytes_each`, so that a bad count allocates nothing.
  uint32_t get_count(size_t bytes_each) {
    const auto count = get<uint32_t>();
    if (count > static_cast<size_t>(end_ - at_) / bytes_each) throw Failure{Code::Internal, "the argument tape is damaged"};
    return count;
  }

  Tag peek() const {
    if (at_ == end_) throw Failure{Code::Internal, "the argument tape is damaged"};
    return static_cast<Tag>(*at_);
  }
  const uint8_t* position() const { return at_; }
  void seek(const uint8_t* position) { at_ = position; }

 private:
  const uint8_t* take(size_t bytes) {
    if (bytes > static_cast<size_t>(end_ - at_)) throw Failure{Code::Internal, "the argument tape is damaged"};
    const auto* start = at_;
    at_ += bytes;
    return start;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

// "libtorch 1.13.1", for messages.
std::string library_name();

// Makes this thread's OpenMP settings those of the process; cheap after the first time on a thread.
void prepare_thread();

// Whether this libtorch computes with a dtype number of DType.cs.
bool knows_dtype(uint8_t dtype);
std::string dtype_name(uint8_t dtype);

// "Dict[str, Tensor]", classes without their module.
std::string type_name(const c10::Type& type);

// A default as Python prints it.
std::string python_repr(const c10::IValue& value);

}  // namespace granary
