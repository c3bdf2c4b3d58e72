// Prints types and defaults as a TorchScript author writes them.
#include "Module.h"

#include <charconv>
#include <cmath>

namespace granary {
namespace {

std::string repr_float(double number) {
  if (std::isnan(number)) return "float('nan')";
  if (std::isinf(number)) return number > 0 ? "float('inf')" : "-float('inf')";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  std::string printed(text, end);
  return printed.find_first_of(".e") == std::string::npos ? printed + ".0" : printed;
}

std::string repr_string(const std::string& text) {
  const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string printed(1, quote);
  for (const char c : text) {
    if (c == '\n') printed += "\\n";
    else if (c == '\r') printed += "\\r";
    else if (c == '\t') printed += "\\t";
    else if (c == '\\' || c == quote) (printed += '\\') += c;
    else printed += c;
  }
  return printed + quote;
}

template <class Items>
std::string repr_items(const Items& items) {
  std::string printed;
  for (const c10::IValue& item : items) {
    if (!printed.empty()) printed += ", ";
    printed += python_repr(item);
  }
  return printed;
}

std::string repr_dict(const c10::IValue& value) {
  std::string printed;
  for (const auto& entry : value.toGenericDict()) {
    if (!printed.empty()) printed += ", ";
    printed += python_repr(entry.key()) + ": " + python_repr(entry.value());
  }
  return "{" + printed + "}";
}

}  // namespace

std::string type_name(const c10::Type& type) {
  return type.annotation_str([](const c10::Type& inner) -> c10::TypePrinter::result_type {
    if (inner.kind() == c10::TypeKind::NoneType) return "None";
    if (inner.kind() == c10::TypeKind::NumberType) return "number";
    if (const auto* named = dynamic_cast<const c10::NamedType*>(&inner)) {
      if (const auto& name = named->name()) return name->name();
    }
    return {};
  });
}

std::string python_repr(const c10::IValue& value) {
  if (value.isNone()) return "None";
  if (value.isBool()) return value.toBool() ? "True" : "False";
  if (value.isInt()) return std::to_string(value.toInt());
  if (value.isDouble()) return repr_float(value.toDouble());
  if (value.isComplexDouble()) {
    const auto number = value.toComplexDouble();
    return "complex(" + repr_float(number.real()) + ", " + repr_float(number.imag()) + ")";
  }
  if (value.isString()) return repr_string(value.toStringRef());
  if (value.isList()) return "[" + repr_items(value.toListRef()) + "]";
  if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    return "(" + repr_items(elements) + (elements.size() == 1 ? ",)" : ")");
  }
  if (value.isGenericDict()) return repr_dict(value);
  return "<" + value.tagKind() + ">";
}

std::string signature(const Method& method) {
  std::string text = method.name + "(";
  for (const auto& parameter : method.parameters) {
    if (text.back() != '(') text += ", ";
    text += parameter.name + ": " + type_name(*parameter.type);
    if (parameter.default_value) text += " = " + python_repr(*parameter.default_value);
  }
  return text + ")";
}

}  // namespace granary
