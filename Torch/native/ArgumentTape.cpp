// Reads the arguments of a call from a tape, guided by the method's schema. Pairs with ArgumentTape.cs.
//
// tape   := u32 count, argument*
// argument := u8 named, [string name], value
// value  := u8 tag, payload:
//   Tensor u8 dtype, u32 rank, i64 size*, u64 address | Int i64 | Float f64 | Complex f64 f64 | Bool u8 | String string
//   List u32 n, value* | Tuple u32 n, value* | NamedTuple u32 n, string name*, value* | Dict u32 n, (value value)*
// string := u32 bytes, UTF-8
#include "ArgumentMatch.h"
#include "Module.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/irange.h>

namespace granary {
namespace {

// The type under which a value of unknown type joins a list or dictionary.
c10::TypePtr element_type(const c10::IValue& value) {
  return value.isTensor() ? c10::TypePtr(c10::TensorType::get()) : value.type();
}

class ArgumentReader {
 public:
  ArgumentReader(TapeReader& tape, c10::Device device, bool aligned, Loans& loans)
      : tape_(tape), device_(device), aligned_(aligned), loans_(loans) {}

  c10::IValue read(const c10::TypePtr& type, const Path& path, bool copy, int depth = 0) {
    if (depth > kMaxDepth) reject(path, "values nest deeper than " + std::to_string(kMaxDepth) + " levels");
    const auto tag = tape_.peek();
    switch (type->kind()) {
      case c10::TypeKind::OptionalType:
        if (tag == Tag::None) return scalar();
        return read(type->expectRef<c10::OptionalType>().getElementType(), path, copy, depth + 1);
      case c10::TypeKind::UnionType: return union_of(*type, path, copy, depth);
      case c10::TypeKind::AnyType:
      case c10::TypeKind::AnyListType:
      case c10::TypeKind::AnyTupleType: return any(path, copy, depth);
      default: break;
    }
    if (!fits(tag, *type, false)) reject_type(path, *type, tag);
    switch (type->kind()) {
      case c10::TypeKind::TensorType: return tensor(path, copy);
      case c10::TypeKind::IntType:
      case c10::TypeKind::BoolType:
      case c10::TypeKind::StringType:
      case c10::TypeKind::NumberType:
      case c10::TypeKind::NoneType: return scalar();
      case c10::TypeKind::FloatType: return to_float(scalar());
      case c10::TypeKind::ComplexType: return to_complex(scalar());
      case c10::TypeKind::ListType: return list(type->expectRef<c10::ListType>().getElementType(), path, copy, depth);
      case c10::TypeKind::TupleType: return tuple(type, path, copy, depth);
      case c10::TypeKind::DictType: return dict(type->expectRef<c10::DictType>(), path, copy, depth);
      default: reject(path, "the type " + type_name(*type) + " cannot be passed to a model from outside", Code::Unsupported);
    }
  }

  // A value whose type only its own form tells.
  c10::IValue any(const Path& path, bool copy, int depth) {
    if (depth > kMaxDepth) reject(path, "values nest deeper than " + std::to_string(kMaxDepth) + " levels");
    switch (tape_.peek()) {
      case Tag::Tensor: return tensor(path, copy);
      case Tag::List: return any_list(path, copy, depth);
      case Tag::Tuple:
      case Tag::NamedTuple: return any_tuple(path, copy, depth);
      case Tag::Dict: return any_dict(path, copy, depth);
      default: return scalar();
    }
  }

 private:
  static c10::IValue to_float(c10::IValue value) {
    return value.isInt() ? c10::IValue(static_cast<double>(value.toInt())) : value;
  }

  static c10::IValue to_complex(c10::IValue value) {
    if (value.isComplexDouble()) return value;
    return c10::complex<double>(value.isInt() ? static_cast<double>(value.toInt()) : value.toDouble(), 0);
  }

  c10::IValue scalar() {
    switch (tape_.get<Tag>()) {
      case Tag::None: return {};
      case Tag::Int: return tape_.get<int64_t>();
      case Tag::Float: return tape_.get<double>();
      case Tag::Bool: return tape_.get<uint8_t>() != 0;
      case Tag::String: return std::string(tape_.get_string());
      case Tag::Complex: {
        const auto real = tape_.get<double>();
        return c10::complex<double>(real, tape_.get<double>());
      }
      default: throw Failure{Code::Internal, "the argument tape is damaged"};
    }
  }

  // Lends the caller's memory to libtorch, or copies it to the module's device.
  at::Tensor tensor(const Path& path, bool copy) {
    tape_.get<Tag>();
    const auto dtype = tape_.get<uint8_t>();
    const auto rank = tape_.get_count(sizeof(int64_t));
    c10::SmallVector<int64_t, 8> sizes(rank);
    int64_t elements = 1;
    bool overflow = false;
    for (auto& size : sizes) {
      size = tape_.get<int64_t>();
      overflow |= size < 0 || __builtin_mul_overflow(elements, size, &elements);
    }
    auto* data = reinterpret_cast<void*>(tape_.get<uint64_t>());
    if (!knows_dtype(dtype)) reject(path, "dtype " + dtype_name(dtype) + " is unknown to " + library_name(), Code::Unsupported);
    const auto meta = c10::scalarTypeToTypeMeta(static_cast<c10::ScalarType>(dtype));
    int64_t bytes = 0;
    if (overflow || __builtin_mul_overflow(elements, static_cast<int64_t>(meta.itemsize()), &bytes))
      reject(path, "the shape is negative or too large");
    c10::Storage storage(c10::make_intrusive<c10::StorageImpl>(
        c10::StorageImpl::use_byte_size_t(), bytes, c10::DataPtr(data, c10::Device(c10::kCPU)), nullptr, false));
    auto tensor = at::detail::make_tensor<c10::TensorImpl>(c10::Storage(storage), c10::DispatchKeySet(c10::DispatchKey::CPU), meta);
    if (rank != 1 || sizes[0] != 0) tensor.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
    if (!device_.is_cpu()) return tensor.to(device_);
    if (copy || (aligned_ && reinterpret_cast<uintptr_t>(data) % c10::gAlignment != 0)) return tensor.clone();
    loans_.push_back(std::move(storage));
    return tensor;
  }

  c10::IValue list(const c10::TypePtr& element, const Path& path, bool copy, int depth) {
    tape_.get<Tag>();
    const auto count = tape_.get_count(1);
    c10::impl::GenericList items(element);
    items.reserve(count);
    for (const auto i : c10::irange(count)) items.push_back(read(element, path.at(i), copy, depth + 1));
    return items;
  }

  c10::IValue dict(const c10::DictType& type, const Path& path, bool copy, int depth) {
    tape_.get<Tag>();
    const auto count = tape_.get_count(2);
    c10::impl::GenericDict entries(type.getKeyType(), type.getValueType());
    entries.reserve(count);
    for (const auto i : c10::irange(count)) {
      auto key = read(type.getKeyType(), path.key_at(i), copy, depth + 1);
      const auto printed = key.isTensor() ? std::to_string(i) : python_repr(key);
      auto value = read(type.getValueType(), Path{&path, Path::Step::Key, printed, i}, copy, depth + 1);
      entries.insert_or_assign(std::move(key), std::move(value));
    }
    return entries;
  }

  c10::IValue tuple(const c10::TypePtr& type, const Path& path, bool copy, int depth) {
    const auto& tuple = type->expectRef<c10::TupleType>();
    const auto schema = tuple.schema();
    const auto tag = tape_.get<Tag>();
    const auto count = tape_.get_count(1);
    if (tag == Tag::Dict || tag == Tag::NamedTuple) {
      if (schema == nullptr && tag == Tag::Dict) reject_type(path, *type, tag);
      if (schema != nullptr) return named_tuple(type, *schema, tag, count, path, copy, depth);
      for (uint32_t i = 0; i < count; ++i) tape_.get_string();
    }
    const auto& elements = tuple.elements();
    if (count != elements.size())
      reject(path, "expected " + type_name(*type) + " of " + std::to_string(elements.size()) + " elements, got " + std::to_string(count));
    std::vector<c10::IValue> items;
    items.reserve(count);
    for (const auto i : c10::irange(count)) {
      const auto here = schema ? path.field(schema->arguments()[i].name()) : path.at(i);
      items.push_back(read(elements[i], here, copy, depth + 1));
    }
    if (schema) return c10::ivalue::Tuple::createNamed(std::move(items), type);
    return c10::ivalue::Tuple::create(std::move(items));
  }

  // Fields by name, in any order: from a NamedTuple, or from a dictionary with their names as keys.
  c10::IValue named_tuple(const c10::TypePtr& type, const c10::FunctionSchema& schema, Tag tag, uint32_t count, const Path& path, bool copy, int depth) {
    const auto& fields = schema.arguments();
    std::vector<std::string_view> names(count);
    if (tag == Tag::NamedTuple) {
      for (auto& name : names) name = tape_.get_string();
    }
    std::vector<std::optional<c10::IValue>> items(fields.size());
    for (const auto i : c10::irange(count)) {
      if (tag == Tag::Dict) {
        if (tape_.peek() != Tag::String) reject(path.key_at(i), std::string("expected str, got ") + tag_name(tape_.peek()));
        tape_.get<Tag>();
        names[i] = tape_.get_string();
      }
      size_t field = 0;
      while (field < fields.size() && fields[field].name() != names[i]) ++field;
      if (field == fields.size()) reject(path, type_name(*type) + " has no field '" + std::string(names[i]) + "'");
      items[field] = read(fields[field].type(), path.field(fields[field].name()), copy, depth + 1);
    }
    std::vector<c10::IValue> values;
    values.reserve(fields.size());
    for (const auto i : c10::irange(fields.size())) {
      if (!items[i] && fields[i].default_value()) items[i] = *fields[i].default_value();
      if (!items[i]) reject(path, type_name(*type) + " needs the field '" + fields[i].name() + "'");
      values.push_back(std::move(*items[i]));
    }
    return c10::ivalue::Tuple::createNamed(std::move(values), type);
  }

  // The member that fits as it is, else the first that fits after a conversion such as int to float.
  c10::IValue union_of(const c10::Type& type, const Path& path, bool copy, int depth) {
    const auto* start = tape_.position();
    const auto lent = loans_.size();
    const auto tag = tape_.peek();
    for (const bool exactly : {true, false}) {
      for (const auto& member : type.expectRef<c10::UnionType>().containedTypes()) {
        if (!fits(tag, *member, exactly)) continue;
        try {
          return read(member, path, copy, depth + 1);
        } catch (const Failure& failure) {
          if (failure.code != Code::Arguments) throw;
          tape_.seek(start);
          loans_.resize(lent);
        }
      }
    }
    reject_type(path, type, tag);
  }

  c10::IValue any_list(const Path& path, bool copy, int depth) {
    tape_.get<Tag>();
    const auto count = tape_.get_count(1);
    std::vector<c10::IValue> items;
    items.reserve(count);
    c10::TypePtr common;
    for (const auto i : c10::irange(count)) {
      items.push_back(any(path.at(i), copy, depth + 1));
      common = join(common, element_type(items.back()));
    }
    c10::impl::GenericList list(common ? common : c10::AnyType::get());
    list.reserve(count);
    for (auto& item : items) list.push_back(std::move(item));
    return list;
  }

  c10::IValue any_tuple(const Path& path, bool copy, int depth) {
    const auto tag = tape_.get<Tag>();
    const auto count = tape_.get_count(1);
    if (tag == Tag::NamedTuple) {
      for (uint32_t i = 0; i < count; ++i) tape_.get_string();
    }
    std::vector<c10::IValue> items;
    items.reserve(count);
    for (const auto i : c10::irange(count)) items.push_back(any(path.at(i), copy, depth + 1));
    return c10::ivalue::Tuple::create(std::move(items));
  }

  c10::IValue any_dict(const Path& path, bool copy, int depth) {
    tape_.get<Tag>();
    const auto count = tape_.get_count(2);
    std::vector<std::pair<c10::IValue, c10::IValue>> entries;
    entries.reserve(count);
    c10::TypePtr key_type, value_type;
    for (const auto i : c10::irange(count)) {
      auto key = any(path.key_at(i), copy, depth + 1);
      if (!key.isString() && !key.isInt() && !key.isDouble() && !key.isBool() && !key.isComplexDouble() && !key.isTensor())
        reject(path.key_at(i), "expected str, int, float, bool, complex or Tensor, got " + type_name(*key.type()));
      key_type = join(key_type, element_type(key));
      if (key_type->kind() == c10::TypeKind::AnyType) reject(path, "the keys of a dictionary must be of one type");
      auto value = any(path.at(i), copy, depth + 1);
      value_type = join(value_type, element_type(value));
      entries.emplace_back(std::move(key), std::move(value));
    }
    c10::impl::GenericDict dict(key_type ? key_type : c10::StringType::get(), value_type ? value_type : c10::AnyType::get());
    for (auto& [key, value] : entries) dict.insert_or_assign(std::move(key), std::move(value));
    return dict;
  }

  static c10::TypePtr join(const c10::TypePtr& common, c10::TypePtr next) {
    if (common == nullptr || *common == *next) return next;
    return c10::AnyType::get();
  }

  TapeReader& tape_;
  c10::Device device_;
  bool aligned_;
  Loans& loans_;
};

[[noreturn]] void reject_call(const Method& method, const std::string& problem) {
  throw Failure{Code::Arguments, method.name + "() " + problem + "; its signature is " + signature(method)};
}

size_t find_named(const Method& method, std::string_view name) {
  for (size_t i = 0; i < method.parameters.size(); ++i) {
    if (method.parameters[i].name == name) return i;
  }
  reject_call(method, "has no argument '" + std::string(name) + "'");
}

void fill_defaults(const Method& method, torch::jit::Stack& stack, const c10::SmallVectorImpl<bool>& given) {
  std::string missing;
  for (const auto i : c10::irange(given.size())) {
    if (given[i]) continue;
    const auto& parameter = method.parameters[i];
    if (parameter.default_value) {
      // A model may write to a list that it was given, so every call gets its own.
      const auto& value = *parameter.default_value;
      stack[i + 1] = value.isPtrType() && !value.isString() ? value.deepcopy() : value;
    } else {
      missing += (missing.empty() ? "'" : ", '") + parameter.name + "'";
    }
  }
  if (!missing.empty()) reject_call(method, "misses the argument " + missing);
}

}  // namespace

const char* tag_name(Tag tag) {
  static const char* const kNames[] = {"None", "Tensor", "int", "float", "complex", "bool", "str", "List", "Tuple", "NamedTuple", "Dict"};
  const auto index = static_cast<size_t>(tag);
  return index < sizeof kNames / sizeof *kNames ? kNames[index] : "unknown";
}

void read_arguments(const Method& method, TapeReader& tape, c10::Device device, bool aligned, torch::jit::Stack& stack, Loans& loans) {
  ArgumentReader reader(tape, device, aligned, loans);
  const auto count = tape.get_count(2);
  const auto& parameters = method.parameters;
  c10::SmallVector<bool, 16> given(parameters.size(), false);
  stack.resize(parameters.size() + 1);
  size_t position = 0;
  for (uint32_t i = 0; i < count; ++i) {
    size_t slot;
    if (tape.get<uint8_t>() != 0) {
      slot = find_named(method, tape.get_string());
    } else if (position < parameters.size()) {
      slot = position++;
    } else {
      reject_call(method, "takes at most " + std::to_string(parameters.size()) + " arguments, got " + std::to_string(count));
    }
    const auto& parameter = parameters[slot];
    if (given[slot]) reject_call(method, "was given the argument '" + parameter.name + "' twice");
    given[slot] = true;
    stack[slot + 1] = reader.read(parameter.type, Path::root(parameter.name), parameter.written);
  }
  if (count < parameters.size()) fill_defaults(method, stack, given);
}

c10::IValue read_any(TapeReader& tape) {
  Loans loans;
  return ArgumentReader(tape, c10::Device(c10::kCPU), /*aligned=*/false, loans).any(Path::root("attribute"), true, 0);
}

}  // namespace granary
