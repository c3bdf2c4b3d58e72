// Error objects: a code and a message. Pairs with NativeError.cs.
#include "Shim.h"

namespace granary {

Counters counters;

namespace {
// Reported when there is no memory even for the error; never freed.
Error out_of_memory{Code::OutOfMemory, "out of memory"};
}  // namespace

Error* catch_error(Code fallback) noexcept {
  try {
    auto failure = describe_exception(fallback);
    auto* error = new Error{failure.code, std::move(failure.message)};
    counters.errors.fetch_add(1, std::memory_order_relaxed);
    return error;
  } catch (...) {
    return &out_of_memory;
  }
}

}  // namespace granary

GRANARY_EXPORT void granary_error_read(const granary::Error* error, int32_t* code, const char** text, int64_t* length) {
  *code = static_cast<int32_t>(error->code);
  *text = error->message.data();
  *length = static_cast<int64_t>(error->message.size());
}

GRANARY_EXPORT void granary_error_free(granary::Error* error) {
  if (error == nullptr || error == &granary::out_of_memory) return;
  delete error;
  granary::counters.errors.fetch_sub(1, std::memory_order_relaxed);
}
