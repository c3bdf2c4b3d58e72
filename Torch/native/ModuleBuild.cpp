// Makes a module from a description. Pairs with ModuleBuild.cs.
//
// blueprint := u32 count, module*     children before parents, the root last
// module    := string name, tensors parameters, tensors buffers, u32 n, (string name, value)* attributes,
//              u32 n, (string name, u32 module)* submodules, string source
// tensors   := u32 n, (string name, u8 dtype, u32 rank, i64 size*, u64 address, u64 storage)*
// A tensor whose storage is not 0 lies in it and keeps it; any other is copied. value and string as in ArgumentTape.cpp.
#include "Module.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/compilation_unit.h>

namespace granary {
namespace {

class BlueprintReader {
 public:
  BlueprintReader(TapeReader& tape, c10::Device device)
      : tape_(tape), device_(device), unit_(std::make_shared<torch::jit::CompilationUnit>()) {}

  torch::jit::Module read() {
    const auto count = tape_.get_count(1);
    std::vector<torch::jit::Module> made;
    made.reserve(count);
    for (uint32_t i = 0; i < count; ++i) made.push_back(module(made));
    if (made.empty()) throw Failure{Code::Internal, "the blueprint tape is empty"};
    return made.back();
  }

 private:
  torch::jit::Module module(const std::vector<torch::jit::Module>& made) {
    const auto name = std::string(tape_.get_string());
    torch::jit::Module module(c10::QualifiedName("__torch__.granary." + name), unit_, /*shouldMangle=*/true);
    tensors([&](const std::string& key, at::Tensor value) { module.register_parameter(key, std::move(value), /*is_buffer=*/false); });
    tensors([&](const std::string& key, at::Tensor value) { module.register_buffer(key, std::move(value)); });
    const auto attributes = tape_.get_count(5);
    for (uint32_t i = 0; i < attributes; ++i) {
      const auto key = std::string(tape_.get_string());
      const auto value = attribute();
      module.register_attribute(key, value.type(), value);
    }
    const auto children = tape_.get_count(8);
    for (uint32_t i = 0; i < children; ++i) {
      const auto key = std::string(tape_.get_string());
      module.register_module(key, made.at(tape_.get<uint32_t>()));
    }
    module.define(std::string(tape_.get_string()));
    return module;
  }

  c10::IValue attribute() {
    auto value = read_any(tape_);
    if (value.isList() && value.toListRef().empty()) return c10::List<int64_t>();
    return value;
  }

  template <class Register>
  void tensors(Register&& add) {
    const auto count = tape_.get_count(25);
    for (uint32_t i = 0; i < count; ++i) {
      const auto key = std::string(tape_.get_string());
      add(key, tensor(key));
    }
  }

  at::Tensor tensor(const std::string& key) {
    const auto dtype = tape_.get<uint8_t>();
    const auto rank = tape_.get_count(sizeof(int64_t));
    std::vector<int64_t> sizes(rank);
    int64_t elements = 1;
    bool overflow = false;
    for (auto& size : sizes) {
      size = tape_.get<int64_t>();
      overflow |= size < 0 || __builtin_mul_overflow(elements, size, &elements);
    }
    const auto address = tape_.get<uint64_t>();
    auto* storage = reinterpret_cast<Storage*>(tape_.get<uint64_t>());
    if (!knows_dtype(dtype))
      throw Failure{Code::Unsupported, "the tensor '" + key + "' is of dtype " + dtype_name(dtype) + ", which " + library_name() + " does not have; run Granary with a newer libtorch (LIBTORCH=<directory of a libtorch>)"};
    const auto type = static_cast<c10::ScalarType>(dtype);
    int64_t bytes = 0;
    if (overflow || __builtin_mul_overflow(elements, static_cast<int64_t>(c10::elementSize(type)), &bytes))
      throw Failure{Code::Internal, "the shape of the tensor '" + key + "' is negative or too large"};
    auto result = storage == nullptr ? copied(type, sizes, address, bytes) : kept(*storage, type, sizes, address, bytes);
    return device_.is_cpu() ? result : result.to(device_);
  }

  static at::Tensor copied(c10::ScalarType type, const std::vector<int64_t>& sizes, uint64_t address, int64_t bytes) {
    auto result = at::empty(sizes, at::TensorOptions(type));
    if (bytes > 0) std::memcpy(result.data_ptr(), reinterpret_cast<const void*>(address), static_cast<size_t>(bytes));
    return result;
  }

  static at::Tensor kept(Storage& storage, c10::ScalarType type, const std::vector<int64_t>& sizes, uint64_t address, int64_t bytes) {
    const auto start = reinterpret_cast<uint64_t>(storage.storage.data());
    const auto element = c10::elementSize(type);
    // An empty tensor has no address worth keeping, and libtorch counts offsets in elements.
    if (bytes == 0 || (address - start) % element != 0) return copied(type, sizes, address, bytes);
    if (address < start || address - start + static_cast<uint64_t>(bytes) > storage.storage.nbytes())
      throw Failure{Code::Internal, "a tensor lies outside its storage"};
    auto result = at::detail::make_tensor<c10::TensorImpl>(
        c10::Storage(storage.storage), c10::DispatchKeySet(c10::DispatchKey::CPU), c10::scalarTypeToTypeMeta(type));
    result.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
    result.unsafeGetTensorImpl()->set_storage_offset(static_cast<int64_t>((address - start) / element));
    return result;
  }

  TapeReader& tape_;
  c10::Device device_;
  std::shared_ptr<torch::jit::CompilationUnit> unit_;
};

}  // namespace

std::unique_ptr<Module> build(TapeReader& tape, std::string_view device, bool optimize) {
  prepare_thread();
  const auto place = parse_device(device);
  c10::InferenceMode inference;
  return finish(BlueprintReader(tape, place).read(), place, optimize);
}

}  // namespace granary

// Makes a module from a blueprint tape onto a device ("cpu", "cuda:N"); flags: 1 = optimize for inference.
GRANARY_EXPORT granary::Error* granary_module_build(
    const uint8_t* tape, int64_t length, const char* device, int32_t flags, granary::Module** module) {
  *module = nullptr;
  auto* error = granary::guard(granary::Code::Load, [&] {
    granary::TapeReader reader(tape, static_cast<size_t>(length));
    *module = granary::build(reader, device, (flags & 1) != 0).release();
  });
  if (error == nullptr) granary::counters.modules.fetch_add(1, std::memory_order_relaxed);
  return error;
}
