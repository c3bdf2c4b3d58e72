// Writes what a method returned to a tape whose tensors C# reads in place. Pairs with ResultTape.cs.
// The form is that of ArgumentTape.cpp, except NamedTuple: u32 n, string type, string name*, value*.
#include "Module.h"

#include <ATen/ATen.h>

namespace granary {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Failure{Code::Unsupported, "the result holds " + what};
}

class ResultWriter {
 public:
  explicit ResultWriter(Result& result) : tape_(result.tape), kept_(result.kept) {}

  // `shared`: somebody besides this result holds the value or what contains it.
  void write(const c10::IValue& value, bool shared, int depth) {
    if (depth > kMaxDepth) refuse("values that nest deeper than " + std::to_string(kMaxDepth) + " levels");
    if (value.isTensor()) return tensor(value.toTensor(), shared);
    if (value.isNone()) return tape_.put(Tag::None);
    if (value.isInt()) return put(Tag::Int, value.toInt());
    if (value.isDouble()) return put(Tag::Float, value.toDouble());
    if (value.isBool()) return put(Tag::Bool, static_cast<uint8_t>(value.toBool()));
    if (value.isComplexDouble()) return put(Tag::Complex, value.toComplexDouble());
    if (value.isString()) {
      tape_.put(Tag::String);
      return tape_.put_string(value.toStringRef());
    }
    shared |= value.use_count() > 1;
    if (value.isList()) return list(value, shared, depth);
    if (value.isTuple()) return tuple(value, shared, depth);
    if (value.isGenericDict()) return dict(value, shared, depth);
    refuse("a value of type " + type_name(*value.type()) + ", which cannot leave a model; return tensors, numbers, strings, lists, tuples or dictionaries");
  }

 private:
  template <class T>
  void put(Tag tag, T payload) {
    tape_.put(tag);
    tape_.put(payload);
  }

  void put_count(Tag tag, size_t count) { put(tag, static_cast<uint32_t>(count)); }

  void list(const c10::IValue& value, bool shared, int depth) {
    const auto items = value.toListRef();
    put_count(Tag::List, items.size());
    for (const auto& item : items) write(item, shared, depth + 1);
  }

  void tuple(const c10::IValue& value, bool shared, int depth) {
    const auto& elements = value.toTupleRef().elements();
    const auto type = value.type()->cast<c10::TupleType>();
    const auto schema = type->schema();
    put_count(schema ? Tag::NamedTuple : Tag::Tuple, elements.size());
    if (schema) {
      tape_.put_string(type_name(*type));
      for (const auto& field : schema->arguments()) tape_.put_string(field.name());
    }
    for (const auto& element : elements) write(element, shared, depth + 1);
  }

  void dict(const c10::IValue& value, bool shared, int depth) {
    const auto entries = value.toGenericDict();
    put_count(Tag::Dict, entries.size());
    for (const auto& entry : entries) {
      write(entry.key(), shared, depth + 1);
      write(entry.value(), shared, depth + 1);
    }
  }

  void tensor(const at::Tensor& value, bool shared) {
    if (!value.defined()) return tape_.put(Tag::None);
    const auto dense = value.is_mkldnn() ? keep(value.to_dense()) : &value;
    check(*dense);
    const auto* plain = readable(*dense, shared || dense->use_count() > 1);
    tape_.put(Tag::Tensor);
    tape_.put(static_cast<uint8_t>(plain->scalar_type()));
    const auto sizes = plain->sizes();
    tape_.put(static_cast<uint32_t>(sizes.size()));
    for (const auto size : sizes) tape_.put(static_cast<int64_t>(size));
    tape_.put(reinterpret_cast<uint64_t>(plain->data_ptr()));
  }

  static void check(const at::Tensor& value) {
    if (value.is_nested()) refuse("a nested tensor; return to_padded_tensor(0.)");
    if (value.layout() != c10::kStrided) refuse("a sparse tensor; return to_dense()");
    if (value.is_quantized()) refuse("a quantised tensor; return dequantize()");
    if (value.is_meta()) refuse("a tensor without data (device meta)");
    if (!knows_dtype(static_cast<uint8_t>(value.scalar_type()))) refuse(std::string("a tensor of dtype ") + c10::toString(value.scalar_type()));
  }

  // Contiguous memory on the CPU that only this result holds: not the caller's, the model's or another call's.
  const at::Tensor* readable(const at::Tensor& value, bool shared) {
    if (!value.device().is_cpu()) return keep(value.cpu().resolve_conj().resolve_neg().contiguous());
    if (value.is_conj() || value.is_neg()) return keep(value.resolve_conj().resolve_neg().contiguous());
    if (!value.is_contiguous()) return keep(value.contiguous());
    if (shared || value.storage().use_count() > 1) return keep(value.clone(at::MemoryFormat::Contiguous));
    return &value;
  }

  const at::Tensor* keep(at::Tensor tensor) {
    kept_.push_back(std::move(tensor));
    return &kept_.back();
  }

  TapeWriter& tape_;
  std::vector<at::Tensor>& kept_;
};

}  // namespace

void write_result(Result& result) {
  ResultWriter(result).write(result.root, false, 0);
}

}  // namespace granary

// Gives the tensors of a result back; null is allowed.
GRANARY_EXPORT void granary_result_free(granary::Result* result) {
  if (result == nullptr) return;
  delete result;
  granary::counters.results.fetch_sub(1, std::memory_order_relaxed);
}
