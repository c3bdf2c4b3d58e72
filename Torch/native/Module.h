// A loaded module and the two halves of a call: reading arguments from a tape, writing the result to one.
#pragma once

#include "Shim.h"

#include <memory>
#include <optional>

#include <c10/core/Storage.h>
#include <c10/util/SmallVector.h>
#include <torch/csrc/jit/runtime/interpreter.h>

namespace granary {

struct Parameter {
  std::string name;
  c10::TypePtr type;
  std::optional<c10::IValue> default_value;
  // The method writes to it in place, so the caller's memory must not be lent.
  bool written;
};

struct Method {
  std::string name;
  std::vector<Parameter> parameters;
  std::string return_type;
  // Compiled once at load; immutable, so all threads share it without a lock.
  torch::jit::Code code;
};

// One form of a module's code with its methods, in the order of the archive.
struct Program {
  torch::jit::Module module;
  std::vector<Method> methods;
};

struct Module {
  Program program;
  // What deterministic calls run when `program` was optimized for inference, which moves results; empty otherwise.
  Program plain;
  c10::Device device{c10::kCPU};
  int64_t parameter_bytes = 0;
  TapeWriter description;
};

// Reads a TorchScript archive onto "cpu" or "cuda:N". Without `optimize` no transformation changes a bit of the results.
std::unique_ptr<Module> load(const std::string& path, std::string_view device, bool optimize);

// Makes a module from the tape that ModuleBuild.cs wrote.
std::unique_ptr<Module> build(TapeReader& tape, std::string_view device, bool optimize);

// "cpu" or "cuda:N"; throws a Failure that says what is there instead.
c10::Device parse_device(std::string_view text);

// Freezes a module that is on its device, compiles its methods and describes it.
std::unique_ptr<Module> finish(torch::jit::Module module, c10::Device device, bool optimize);

// Memory for weights that C# fills and a module then keeps without a copy.
struct Storage {
  c10::Storage storage;
};

// Storages that lend the caller's memory to libtorch for the length of one call.
using Loans = c10::SmallVector<c10::Storage, 4>;

// Fills `stack` from slot 1 on with the arguments of `method`, defaults included. `aligned`: what does not stand on
// a cache line is copied to where it does, because kernels may take other steps at another alignment.
void read_arguments(const Method& method, TapeReader& tape, c10::Device device, bool aligned, torch::jit::Stack& stack, Loans& loans);

// A value whose type only its own form tells, on the CPU.
c10::IValue read_any(TapeReader& tape);

// What one call returned. The tape points into the tensors that `root` and `kept` hold.
struct Result {
  c10::IValue root;
  std::vector<at::Tensor> kept;
  TapeWriter tape;
};

void write_result(Result& result);

// "forward(x: Tensor, y: int = 3)"
std::string signature(const Method& method);

}  // namespace granary
