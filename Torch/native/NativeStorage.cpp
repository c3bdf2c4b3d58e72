// Memory for weights that C# fills and a module keeps without a copy. Pairs with NativeStorage.cs.
#include "Module.h"

#include <c10/core/CPUAllocator.h>

// Uninitialised memory, aligned as libtorch likes it. The caller frees the storage; a module that uses it keeps the memory.
GRANARY_EXPORT granary::Error* granary_storage_allocate(int64_t bytes, granary::Storage** storage, uint8_t** data) {
  *storage = nullptr;
  *data = nullptr;
  auto* error = granary::guard(granary::Code::Internal, [&] {
    auto made = std::make_unique<granary::Storage>(granary::Storage{c10::Storage(c10::make_intrusive<c10::StorageImpl>(
        c10::StorageImpl::use_byte_size_t(), static_cast<size_t>(bytes), c10::GetCPUAllocator(), /*resizable=*/false))});
    *data = static_cast<uint8_t*>(made->storage.data());
    *storage = made.release();
  });
  if (error == nullptr) granary::counters.storages.fetch_add(1, std::memory_order_relaxed);
  return error;
}

GRANARY_EXPORT void granary_storage_free(granary::Storage* storage) {
  if (storage == nullptr) return;
  delete storage;
  granary::counters.storages.fetch_sub(1, std::memory_order_relaxed);
}
