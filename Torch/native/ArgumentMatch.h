// Whether an argument fits its type, and where in the arguments one does not.
#pragma once

#include "Shim.h"

namespace granary {

// Where in the arguments a value stands; a chain on the stack that is printed only when something is wrong.
struct Path {
  enum class Step { Name, Index, Field, Key, KeyAt };

  const Path* parent;
  Step step;
  std::string_view text;
  uint32_t index;

  static Path root(std::string_view name) { return {nullptr, Step::Name, name, 0}; }
  Path at(uint32_t index) const { return {this, Step::Index, {}, index}; }
  Path field(std::string_view name) const { return {this, Step::Field, name, 0}; }
  Path key_at(uint32_t index) const { return {this, Step::KeyAt, {}, index}; }

  std::string print() const {
    const auto before = parent ? parent->print() : std::string();
    switch (step) {
      case Step::Name: return std::string(text);
      case Step::Index: return before + "[" + std::to_string(index) + "]";
      case Step::Field: return before + "." + std::string(text);
      case Step::Key: return before + "[" + std::string(text) + "]";
      case Step::KeyAt: return before + ".keys()[" + std::to_string(index) + "]";
    }
    return before;
  }
};

[[noreturn]] inline void reject(const Path& path, const std::string& problem, Code code = Code::Arguments) {
  throw Failure{code, "argument '" + path.print() + "': " + problem};
}

[[noreturn]] inline void reject_type(const Path& path, const c10::Type& expected, Tag got) {
  reject(path, "expected " + type_name(expected) + ", got " + tag_name(got));
}

// Whether a value with this tag can become `type`, looking no deeper than the outermost level.
inline bool fits(Tag tag, const c10::Type& type, bool exactly) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType: return tag == Tag::Tensor;
    case c10::TypeKind::IntType: return tag == Tag::Int;
    case c10::TypeKind::FloatType: return tag == Tag::Float || (!exactly && tag == Tag::Int);
    case c10::TypeKind::ComplexType: return tag == Tag::Complex || (!exactly && (tag == Tag::Int || tag == Tag::Float));
    case c10::TypeKind::NumberType: return tag == Tag::Int || tag == Tag::Float || tag == Tag::Complex;
    case c10::TypeKind::BoolType: return tag == Tag::Bool;
    case c10::TypeKind::StringType: return tag == Tag::String;
    case c10::TypeKind::NoneType: return tag == Tag::None;
    case c10::TypeKind::ListType: return tag == Tag::List || (!exactly && tag == Tag::Tuple);
    case c10::TypeKind::TupleType: return tag == Tag::Tuple || tag == Tag::NamedTuple || (!exactly && (tag == Tag::List || tag == Tag::Dict));
    case c10::TypeKind::DictType: return tag == Tag::Dict;
    default: return true;
  }
}

}  // namespace granary
