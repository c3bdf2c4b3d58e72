// Loads a TorchScript module, describes it and calls its methods. Pairs with NativeModule.cs.
#include "CallThreads.h"
#include "Module.h"

#include <malloc.h>

#include <c10/core/CPUAllocator.h>

namespace granary {
namespace {

// A model may keep a tensor that it was given (self.last = x). What it keeps must not point into the caller's
// memory once the call is over, so the storage gets memory of its own.
void end_loan(c10::Storage& storage) noexcept {
  if (storage.use_count() == 1) return;
  auto* impl = storage.unsafeGetStorageImpl();
  try {
    auto own = c10::GetCPUAllocator()->allocate(impl->nbytes());
    std::memcpy(own.get(), impl->data_ptr().get(), impl->nbytes());
    impl->set_data_ptr_noswap(std::move(own));
  } catch (...) {
    impl->set_nbytes(0);
    impl->set_data_ptr_noswap(c10::DataPtr(nullptr, c10::Device(c10::kCPU)));
  }
}

// Ends every loan however the call ends. The stack goes first: what stays on it would look like something that the
// model kept.
struct CallScope {
  torch::jit::Stack& stack;
  Loans loans;

  ~CallScope() {
    stack.clear();
    for (auto& loan : loans) end_loan(loan);
  }
};

c10::IValue run(Module& module, size_t index, bool deterministic, int threads, TapeReader& tape) {
  auto& program = deterministic && !module.plain.methods.empty() ? module.plain : module.program;
  const auto& method = program.methods.at(index);
  // Keeps its capacity from call to call. The shim never calls back, so it is never in use twice.
  static thread_local torch::jit::Stack stack;
  CallScope scope{stack, {}};
  read_arguments(method, tape, module.device, deterministic, stack, scope.loans);
  stack[0] = program.module._ivalue();
  if (deterministic) {
    const CallThreads one(1, true);
    // What the model forks runs here and now, where one thread is in force.
    torch::jit::InterpreterState(method.code, [](std::function<void()> forked) { forked(); }).run(stack);
  } else {
    const CallThreads some(threads > 0 ? threads : CallThreads::of_process(), false);
    torch::jit::InterpreterState(method.code).run(stack);
  }
  return std::move(stack.back());
}

}  // namespace
}  // namespace granary

// Loads a file onto a device ("cpu", "cuda:N"); flags: 1 = optimize for inference.
GRANARY_EXPORT granary::Error* granary_module_load(
    const char* path, const char* device, int32_t flags, granary::Module** module) {
  *module = nullptr;
  auto* error = granary::guard(granary::Code::Load, [&] { *module = granary::load(path, device, (flags & 1) != 0).release(); });
  if (error == nullptr) granary::counters.modules.fetch_add(1, std::memory_order_relaxed);
  return error;
}

// Device, parameter bytes and methods on a tape that lives as long as the module.
GRANARY_EXPORT granary::Error* granary_module_describe(const granary::Module* module, const uint8_t** tape) {
  *tape = module->description.data();
  return nullptr;
}

// Calls a method with the arguments on a tape; flags: 1 = the same bits whatever the thread settings, the alignment
// and the optimization; from bit 8 on the threads inside an operator, 0 for the number of the process. The result owns the memory that `result_tape` points to.
GRANARY_EXPORT granary::Error* granary_module_invoke(
    granary::Module* module, int32_t method, int32_t flags, const uint8_t* tape, int64_t length, granary::Result** result, const uint8_t** result_tape) {
  return granary::guard(granary::Code::Model, [&] {
    granary::prepare_thread();
    c10::InferenceMode inference;
    granary::TapeReader reader(tape, static_cast<size_t>(length));
    auto made = std::make_unique<granary::Result>();
    made->root = granary::run(*module, static_cast<size_t>(method), (flags & 1) != 0, flags >> 8, reader);
    granary::write_result(*made);
    granary::counters.results.fetch_add(1, std::memory_order_relaxed);
    *result_tape = made->tape.data();
    *result = made.release();
  });
}

GRANARY_EXPORT void granary_module_free(granary::Module* module) {
  if (module == nullptr) return;
  delete module;
  granary::counters.modules.fetch_sub(1, std::memory_order_relaxed);
  // The weights of a model are many blocks; without this the C library keeps most of them for later.
  malloc_trim(0);
}
