// Names and memory of the GPUs, asked of the CUDA driver directly: the shim builds without CUDA's headers.
// Pairs with NativeGpus.cs.
#include "Shim.h"

#include <dlfcn.h>

namespace granary {
namespace {

// The driver's C interface, whose names and types are fixed since CUDA 4 (cuda.h). 0 is success.
struct Driver {
  int (*init)(unsigned) = nullptr;
  int (*device_get)(int*, int) = nullptr;
  int (*device_get_name)(char*, int, int) = nullptr;
  int (*device_total)(size_t*, int) = nullptr;
  int (*context_state)(int, unsigned*, int*) = nullptr;
  int (*context_retain)(void**, int) = nullptr;
  int (*context_release)(int) = nullptr;
  int (*context_push)(void*) = nullptr;
  int (*context_pop)(void**) = nullptr;
  int (*memory_info)(size_t*, size_t*) = nullptr;

  bool load() {
    void* library = dlopen("libcuda.so.1", RTLD_LAZY);
    if (library == nullptr) return false;
    const auto find = [library](auto& function, const char* name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
      return function != nullptr;
    };
    return find(init, "cuInit") && find(device_get, "cuDeviceGet") && find(device_get_name, "cuDeviceGetName") &&
        find(device_total, "cuDeviceTotalMem_v2") && find(context_state, "cuDevicePrimaryCtxGetState") &&
        find(context_retain, "cuDevicePrimaryCtxRetain") && find(context_release, "cuDevicePrimaryCtxRelease_v2") &&
        find(context_push, "cuCtxPushCurrent_v2") && find(context_pop, "cuCtxPopCurrent_v2") &&
        find(memory_info, "cuMemGetInfo_v2") && init(0) == 0;
  }

  // -1 where libtorch has not used the device yet: asking would create a context of hundreds of megabytes on it.
  int64_t free_bytes(int device) const {
    unsigned flags = 0;
    int active = 0;
    void* context = nullptr;
    if (context_state(device, &flags, &active) != 0 || active == 0 || context_retain(&context, device) != 0) return -1;
    int64_t result = -1;
    if (context_push(context) == 0) {
      size_t free = 0, total = 0;
      if (memory_info(&free, &total) == 0) result = static_cast<int64_t>(free);
      context_pop(&context);
    }
    context_release(device);
    return result;
  }
};

}  // namespace
}  // namespace granary

// One GPU by libtorch's index: its name (NUL-terminated, cut to `capacity`) and memory; free is -1 when not known.
GRANARY_EXPORT granary::Error* granary_gpus_describe(int32_t index, char* name, int32_t capacity, int64_t* total, int64_t* free) {
  return granary::guard(granary::Code::Library, [&] {
    static granary::Driver driver;
    static const bool loaded = driver.load();
    int device = 0;
    size_t bytes = 0;
    if (!loaded || driver.device_get(&device, index) != 0 || driver.device_get_name(name, capacity, device) != 0 || driver.device_total(&bytes, device) != 0)
      throw granary::Failure{granary::Code::Library, "the CUDA driver does not tell about device " + std::to_string(index)};
    name[capacity - 1] = '\0';
    *total = static_cast<int64_t>(bytes);
    *free = driver.free_bytes(device);
  });
}
