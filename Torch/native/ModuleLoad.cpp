// Reads an archive onto a device, freezes it and compiles its methods.
#include "Module.h"

#include <unordered_map>
#include <unordered_set>

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/common_subexpression_elimination.h>
#include <torch/csrc/jit/passes/constant_pooling.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/lower_tuples.h>
#include <torch/csrc/jit/passes/peephole.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/cuda.h>

namespace granary {

c10::Device parse_device(std::string_view text) {
  if (text == "cpu") return c10::Device(c10::kCPU);
  const std::string name(text);
  const auto digits = name.size() > 5 && name.compare(0, 5, "cuda:") == 0 ? name.substr(5) : std::string();
  if (name != "cuda" && (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string::npos))
    throw Failure{Code::Load, "device '" + name + "' is not supported; use cpu or cuda:N"};
  const auto devices = static_cast<int>(torch::cuda::device_count());
  if (devices == 0)
    throw Failure{Code::Load, "device '" + name + "' is not there: " + library_name() + " sees no CUDA device (a CPU build of libtorch never does; LIBTORCH selects another)"};
  const int index = digits.empty() ? 0 : std::stoi(digits);
  if (index >= devices)
    throw Failure{Code::Load, "device '" + name + "' is not there: this machine has cuda:0 to cuda:" + std::to_string(devices - 1)};
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

namespace {

using Storages = std::unordered_set<const void*>;

int64_t storage_bytes(const at::Tensor& tensor, Storages& seen) {
  if (!tensor.defined() || !tensor.has_storage()) return 0;
  const auto& storage = tensor.storage();
  return seen.insert(storage.unsafeGetStorageImpl()).second ? static_cast<int64_t>(storage.nbytes()) : 0;
}

// Tensors that an already frozen or traced archive keeps as constants of its code.
int64_t constant_bytes(torch::jit::Block* block, Storages& seen) {
  int64_t bytes = 0;
  for (auto* node : block->nodes()) {
    if (node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) && node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t)
      bytes += storage_bytes(node->t(c10::attr::value), seen);
    for (auto* inner : node->blocks()) bytes += constant_bytes(inner, seen);
  }
  return bytes;
}

int64_t parameter_bytes(const torch::jit::Module& module) {
  Storages seen;
  int64_t bytes = 0;
  for (const auto& tensor : module.parameters()) bytes += storage_bytes(tensor, seen);
  for (const auto& tensor : module.buffers()) bytes += storage_bytes(tensor, seen);
  for (const auto& inner : module.modules()) {
    for (const auto& method : inner.get_methods()) bytes += constant_bytes(method.graph()->block(), seen);
  }
  return bytes;
}

// As Python has it, a leading underscore means that a method is the module's own business (also __getstate__).
bool is_exported(const std::string& name) {
  return name.empty() || name[0] != '_';
}

std::vector<std::string> other_methods(const torch::jit::Module& module) {
  std::vector<std::string> names;
  for (const auto& method : module.get_methods()) {
    if (method.name() != "forward" && is_exported(method.name())) names.push_back(method.name());
  }
  return names;
}

// Without `optimize` only transformations that keep every bit of the results.
torch::jit::Module frozen(const torch::jit::Module& module, bool optimize) {
  const auto others = other_methods(module);
  auto result = module;
  try {
    result = torch::jit::freeze(module, others, optimize);
    for (const auto& name : others) result.get_method(name);
  } catch (const std::exception&) {
    // Freezing refuses some modules (no forward, interfaces that change); they run as they are.
    return module;
  }
  if (!optimize) return result;
  try {
    // The passes work in place, so a half-done one must not be kept.
    auto copy = result.clone();
    return torch::jit::optimize_for_inference(copy, others);
  } catch (const std::exception&) {
    return result;
  }
}

bool is_container(const torch::jit::Value* value) {
  return value->type()->kind() != c10::TypeKind::TensorType && !value->type()->containedTypes().empty();
}

// Whether code in the block writes to something that may be inside `container`.
bool writes_inside(torch::jit::Block* block, torch::jit::Value* container, const torch::jit::AliasDb& aliases) {
  for (auto* node : block->nodes()) {
    for (auto* output : node->outputs()) {
      if (output->type()->isSubtypeOf(*c10::TensorType::get()) && aliases.hasWriters(output) && aliases.mayContainAlias(container, output)) return true;
    }
    for (auto* inner : node->blocks()) {
      if (writes_inside(inner, container, aliases)) return true;
    }
  }
  return false;
}

// Which inputs of a graph its code may write to in place.
std::vector<bool> written_inputs(const std::shared_ptr<torch::jit::Graph>& graph) {
  const torch::jit::AliasDb aliases(graph);
  std::vector<bool> written;
  for (auto* input : graph->inputs())
    written.push_back(is_container(input) ? writes_inside(graph->block(), input, aliases) : aliases.hasWriters(input));
  return written;
}

// One graph for every shape and dtype. libtorch's own executors take a lock a call and, by mode, compile again for
// every new kind of input; they also split addmm in two. None of these passes changes a bit of the results.
std::shared_ptr<torch::jit::Graph> compile(const torch::jit::Function& function) {
  auto graph = torch::jit::toGraphFunction(const_cast<torch::jit::Function&>(function)).graph()->copy();
  torch::jit::Inline(*graph);
  torch::jit::runRequiredPasses(graph);
  torch::jit::ConstantPropagation(graph);
  torch::jit::EliminateCommonSubexpression(graph);
  torch::jit::ConstantPooling(graph);
  torch::jit::PeepholeOptimize(graph);
  torch::jit::EliminateDeadCode(graph);
  torch::jit::LowerSimpleTuples(graph);
  return graph;
}

Method describe(const torch::jit::Function& function) {
  const auto& schema = function.getSchema();
  const auto graph = compile(function);
  const auto written = written_inputs(graph);
  Method method;
  method.name = function.name();
  method.return_type = schema.returns().empty() ? "None" : type_name(*schema.returns()[0].type());
  method.code = torch::jit::Code(graph, function.name());
  // Argument 0 is self.
  for (size_t i = 1; i < schema.arguments().size(); ++i) {
    const auto& argument = schema.arguments()[i];
    Parameter parameter{argument.name(), argument.type(), {}, i < written.size() && written[i]};
    if (argument.default_value()) parameter.default_value = *argument.default_value();
    method.parameters.push_back(std::move(parameter));
  }
  return method;
}

Program program_of(torch::jit::Module module) {
  Program program{std::move(module), {}};
  for (const auto& method : program.module.get_methods()) {
    if (is_exported(method.name())) program.methods.push_back(describe(method.function()));
  }
  return program;
}

// The named tuples inside a type, each once.
void collect_named_tuples(const c10::TypePtr& type, std::vector<c10::TupleTypePtr>& found) {
  switch (type->kind()) {
    case c10::TypeKind::TupleType:
      if (const auto tuple = type->expect<c10::TupleType>(); tuple->schema()) {
        for (const auto& known : found) {
          if (*known == *tuple) return;
        }
        found.push_back(tuple);
      }
      break;
    case c10::TypeKind::ListType:
    case c10::TypeKind::DictType:
    case c10::TypeKind::OptionalType:
    case c10::TypeKind::UnionType: break;
    // A class may hold itself.
    default: return;
  }
  for (const auto& inner : type->containedTypes()) collect_named_tuples(inner, found);
}

void write_named_tuples(TapeWriter& tape, const std::vector<Method>& methods) {
  std::vector<c10::TupleTypePtr> found;
  for (const auto& method : methods) {
    for (const auto& parameter : method.parameters) collect_named_tuples(parameter.type, found);
  }
  tape.put(static_cast<uint32_t>(found.size()));
  for (const auto& tuple : found) {
    const auto& fields = tuple->schema()->arguments();
    tape.put_string(type_name(*tuple));
    tape.put(static_cast<uint32_t>(fields.size()));
    for (const auto& field : fields) {
      tape.put_string(field.name());
      tape.put_string(type_name(*field.type()));
      tape.put(static_cast<uint8_t>(field.default_value().has_value()));
      tape.put_string(field.default_value() ? python_repr(*field.default_value()) : "");
    }
  }
}

void write_description(Module& module) {
  auto& tape = module.description;
  tape.put_string(module.device.str());
  tape.put(module.parameter_bytes);
  tape.put(static_cast<uint32_t>(module.program.methods.size()));
  for (const auto& method : module.program.methods) {
    tape.put_string(method.name);
    tape.put_string(method.return_type);
    tape.put(static_cast<uint32_t>(method.parameters.size()));
    for (const auto& parameter : method.parameters) {
      tape.put_string(parameter.name);
      tape.put_string(type_name(*parameter.type));
      tape.put(static_cast<uint8_t>(parameter.default_value.has_value()));
      tape.put_string(parameter.default_value ? python_repr(*parameter.default_value) : "");
    }
  }
  write_named_tuples(tape, module.program.methods);
}

// How large a function is once everything that it calls stands in it. A model whose every part calls another part twice
// is small until then, so this is asked before libtorch does it.
class InlinedSize {
 public:
  int64_t of(const torch::jit::Function& function) {
    auto* graph = torch::jit::tryToGraphFunction(const_cast<torch::jit::Function&>(function));
    if (graph == nullptr) return 1;
    if (const auto known = sizes_.find(&function); known != sizes_.end()) return known->second;
    // libtorch has no recursion; what is being counted counts nothing.
    sizes_[&function] = 0;
    const auto size = of(graph->graph()->block());
    if (size > kMaxNodes) throw Failure{Code::Load, "the model calls its parts from too many places: more than " + std::to_string(kMaxNodes) + " operations"};
    return sizes_[&function] = size;
  }

 private:
  static constexpr int64_t kMaxNodes = 500'000;

  int64_t of(const torch::jit::Block* block) {
    int64_t size = 0;
    for (const auto* node : block->nodes()) {
      ++size;
      if (node->kind() == c10::prim::CallMethod) {
        if (const auto type = node->input(0)->type()->cast<c10::ClassType>()) {
          if (const auto* called = type->findMethod(node->s(c10::attr::name))) size += of(*called);
        }
      } else if (node->kind() == c10::prim::CallFunction) {
        if (const auto type = node->input(0)->type()->cast<c10::FunctionType>()) size += of(*type->function());
      }
      for (const auto* inner : node->blocks()) size += of(inner);
      if (size > kMaxNodes) return size;
    }
    return size;
  }

  std::unordered_map<const torch::jit::Function*, int64_t> sizes_;
};

void check_size(const torch::jit::Module& module) {
  InlinedSize size;
  for (const auto& method : module.get_methods()) size.of(method.function());
}

}  // namespace

std::unique_ptr<Module> finish(torch::jit::Module module, c10::Device device, bool optimize) {
  auto loaded = std::make_unique<Module>();
  loaded->device = device;
  check_size(module);
  module.eval();
  loaded->parameter_bytes = parameter_bytes(module);
  loaded->program = program_of(frozen(module, optimize));
  if (optimize) loaded->plain = program_of(frozen(module, false));
  write_description(*loaded);
  return loaded;
}

std::unique_ptr<Module> load(const std::string& path, std::string_view device, bool optimize) {
  prepare_thread();
  const auto place = parse_device(device);
  c10::InferenceMode inference;
  return finish(torch::jit::load(path, place), place, optimize);
}

}  // namespace granary
