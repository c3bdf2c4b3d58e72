// Sets libtorch up once a process and says what it is. Pairs with NativeRuntime.cs.
#include "CallThreads.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/csrc/jit/passes/graph_fuser.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/cuda.h>
#include <torch/version.h>

#define GRANARY_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace granary {
namespace {

// The BLAS that the dynamic linker found; libtorch has it in a scope of its own, so it is asked for by name.
void* blas_symbol(const char* name) {
  for (const char* library : {"libblas.so.3", "libopenblas.so.0", "libopenblas.so"}) {
    if (auto* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD)) {
      auto* symbol = dlsym(handle, name);
      dlclose(handle);
      if (symbol != nullptr) return symbol;
    }
  }
  return nullptr;
}

std::string after(const std::string& text, const std::string& marker) {
  const auto at = text.find(marker);
  if (at == std::string::npos) return {};
  const auto start = at + marker.size();
  return text.substr(start, text.find_first_of(",\n", start) - start);
}

std::string blas_info() {
  if (auto* config = reinterpret_cast<char* (*)()>(blas_symbol("openblas_get_config"))) return config();
  const auto shown = at::show_config();
  if (at::hasMKL()) return at::get_mkl_version();
  auto compiled = after(shown, "BLAS_INFO=");
  // Debian builds against the BLAS interface; what stands behind it is chosen by the system's alternatives.
  if (compiled.empty() || compiled == "generic") compiled = "reference BLAS (slow: install libopenblas0-pthread)";
  return compiled;
}

void set_up(int threads) {
  // Methods run code that NativeModule.cpp compiled; these modes are for what that code calls (interfaces, forks):
  // libtorch's simple executor, without profiling runs, so the first call runs what every later call runs.
  torch::jit::getExecutorMode() = true;
  torch::jit::getProfilingMode() = false;
  // libtorch 2.6's CPU fuser spins for minutes on the second call of some models.
  torch::jit::setTensorExprFuserEnabled(false);
  torch::jit::overrideCanFuseOnCPULegacy(false);
  // Standard output belongs to the host.
  torch::jit::setPrintHandler([](const std::string& text) { std::fputs(text.c_str(), stderr); });
  at::set_num_threads(threads);
  try {
    at::set_num_interop_threads(1);
  } catch (const std::exception&) {
    // The pool has started already: somebody else in this process uses libtorch. Its size stays.
  }
  const auto set = reinterpret_cast<void (*)(int)>(blas_symbol("openblas_set_num_threads"));
  if (set != nullptr) set(threads);
  // 1: threads of its own, whose number is one for the whole process; else it is sequential or follows OpenMP.
  const auto parallel = reinterpret_cast<int (*)()>(blas_symbol("openblas_get_parallel"));
  CallThreads::set_up(threads, set != nullptr && parallel != nullptr && parallel() == 1 ? set : nullptr);
}

}  // namespace

std::string library_name() {
  return "libtorch " TORCH_VERSION;
}

void prepare_thread() {
  // OpenMP keeps its thread count per thread; without this a new thread would start as many as there are cores.
  static thread_local const bool ready = (at::init_num_threads(), true);
  (void)ready;
}

bool knows_dtype(uint8_t dtype) {
  if (dtype <= 11 || dtype == 15) return true;
#if GRANARY_TORCH_AT_LEAST(2, 1)
  if (dtype == 23 || dtype == 24) return true;
#endif
#if GRANARY_TORCH_AT_LEAST(2, 3)
  if (dtype >= 27 && dtype <= 29) return true;
#endif
  return false;
}

std::string dtype_name(uint8_t dtype) {
  switch (dtype) {
    case 23: return "float8_e5m2";
    case 24: return "float8_e4m3fn";
    case 27: return "uint16";
    case 28: return "uint32";
    case 29: return "uint64";
    default: return "number " + std::to_string(dtype);
  }
}

}  // namespace granary

GRANARY_EXPORT int32_t granary_runtime_abi() {
  return granary::kAbi;
}

// Settings of the whole process; called once, before anything else.
GRANARY_EXPORT granary::Error* granary_runtime_initialize(int32_t threads) {
  return granary::guard(granary::Code::Library, [&] { granary::set_up(threads); });
}

// What is loaded, on a tape that lives for ever: version, CPU capability, BLAS, threads, devices.
GRANARY_EXPORT granary::Error* granary_runtime_describe(const uint8_t** tape) {
  return granary::guard(granary::Code::Library, [&] {
    static const auto* const written = [] {
      auto* writer = new granary::TapeWriter;
      writer->put_string(TORCH_VERSION);
      writer->put_string(granary::after(at::show_config(), "CPU capability usage: "));
      writer->put_string(granary::blas_info());
      writer->put(static_cast<int32_t>(torch::cuda::device_count()));
      return writer;
    }();
    *tape = written->data();
  });
}

// Threads in force on the calling thread, and whether OMP_NUM_THREADS stood in the environment when the process
// started (a change by managed code is not seen here).
GRANARY_EXPORT granary::Error* granary_runtime_threads(int32_t* intra_op, int32_t* inter_op, int32_t* from_environment) {
  return granary::guard(granary::Code::Library, [&] {
    granary::prepare_thread();
    *intra_op = at::get_num_threads();
    *inter_op = at::get_num_interop_threads();
    const char* variable = std::getenv("OMP_NUM_THREADS");
    *from_environment = variable != nullptr ? std::atoi(variable) : 0;
  });
}

// A first small operation on the calling thread: its thread pool settings, allocator caches and kernels.
GRANARY_EXPORT granary::Error* granary_runtime_warm_thread() {
  return granary::guard(granary::Code::Library, [&] {
    granary::prepare_thread();
    c10::InferenceMode inference;
    const auto square = at::ones({16, 16});
    at::relu(at::matmul(square, square)).sum().item<float>();
  });
}

GRANARY_EXPORT void granary_runtime_live(int64_t* modules, int64_t* results, int64_t* errors, int64_t* storages) {
  *modules = granary::counters.modules.load(std::memory_order_relaxed);
  *results = granary::counters.results.load(std::memory_order_relaxed);
  *errors = granary::counters.errors.load(std::memory_order_relaxed);
  *storages = granary::counters.storages.load(std::memory_order_relaxed);
}
