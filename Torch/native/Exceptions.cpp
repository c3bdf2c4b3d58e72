// Turns what libtorch throws into one message that is fit for a client: what failed and where in the model's own
// code, without C++ backtraces, source paths and interpreter noise.
#include "Shim.h"

#include <algorithm>
#include <cctype>
#include <new>

#include <c10/util/Exception.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

namespace granary {
namespace {

constexpr size_t kMaxMessage = 2000;
constexpr std::string_view kHere = "<--- HERE";

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void cut_from(std::string& text, std::string_view marker) {
  if (const auto at = text.find(marker); at != std::string::npos) text.resize(at);
}

void erase_all(std::string& text, std::string_view part) {
  for (size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
}

// Drops `at "../aten/src/x.cpp":12` from the text of a failed internal assertion.
void erase_source_positions(std::string& text) {
  for (size_t at = 0; (at = text.find(" at \"", at)) != std::string::npos;) {
    const auto quote = text.find("\":", at + 5);
    if (quote == std::string::npos) return;
    auto end = quote + 2;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
    if (end == quote + 2) {
      at = end;
      continue;
    }
    text.erase(at, end - at);
  }
}

std::string_view line_before(std::string_view text, size_t line_start) {
  if (line_start == 0) return {};
  const auto end = line_start - 1;
  const auto before = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
  const auto start = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(start, end - start);
}

// "in forward, line 6: return x @ self.w" for the innermost frame, whose marker stands at `here`.
std::string innermost_frame(std::string_view text, size_t here) {
  const auto newline = text.rfind('\n', here);
  const auto marker_line = newline == std::string_view::npos ? 0 : newline + 1;
  const auto source = trim(line_before(text, marker_line));
  std::string where;
  const auto frame = text.rfind("\", line ", here);
  if (frame != std::string_view::npos) {
    const auto line_start = frame + 8;
    const auto line_end = text.find_first_not_of("0123456789", line_start);
    const auto name_at = text.find(", in ", line_start);
    const auto end_of_line = text.find('\n', line_start);
    if (name_at != std::string_view::npos && name_at < end_of_line)
      where = "in " + std::string(trim(text.substr(name_at + 5, end_of_line - name_at - 5))) + ", ";
    where += "line " + std::string(text.substr(line_start, line_end - line_start));
  }
  if (source.empty()) return where;
  return where + (where.empty() ? "at: " : ": ") + std::string(source.substr(0, 200));
}

// Everything after the marker's source: TorchScript repeats the lines that follow the marked one, indented, and
// starts the message in the first column.
std::string_view message_after(std::string_view text) {
  size_t at = text.find('\n');
  while (at != std::string_view::npos && at + 1 < text.size() && std::isspace(static_cast<unsigned char>(text[at + 1])))
    at = text.find('\n', at + 1);
  return at == std::string_view::npos ? std::string_view() : trim(text.substr(at));
}

// "RuntimeError: shapes differ (in forward, line 6: return x @ self.w)" from a TorchScript traceback.
std::string shorten_traceback(const std::string& text) {
  const auto here = text.rfind(kHere);
  if (here == std::string::npos) return text;
  const auto frame = innermost_frame(text, here);
  auto message = message_after(std::string_view(text).substr(here + kHere.size()));
  // While compiling, the message comes first and the code after it.
  if (message.empty()) message = trim(std::string_view(text).substr(0, text.find(":\n")));
  // The interpreter names every C++ exception so, a Python class by its full name.
  for (const std::string_view prefix : {"RuntimeError: ", "builtins."}) {
    if (message.substr(0, prefix.size()) == prefix) message.remove_prefix(prefix.size());
  }
  return std::string(message) + (frame.empty() ? "" : " (" + frame + ")");
}

// The first of `markers` in the text, and the word after it; empty when there is none.
std::string word_after(const std::string& text, std::initializer_list<std::string_view> markers) {
  for (const auto marker : markers) {
    auto at = text.find(marker);
    if (at == std::string::npos) continue;
    at += marker.size();
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.", at);
    auto word = text.substr(at, end == std::string::npos ? end : end - at);
    while (!word.empty() && (word.back() == '.' || word.back() == ':')) word.pop_back();
    if (!word.empty()) return word;
  }
  return {};
}

std::string newer_library_hint() {
  return ", which " + library_name() + " does not have; run Granary with a newer libtorch (LIBTORCH=<directory of a libtorch>)";
}

// What a model that was written for a newer libtorch says while it loads.
std::string missing_operator(const std::string& text) {
  if (auto name = word_after(text, {"Unknown builtin op: ", "Could not find operator ", "couldn't find an operator for "}); !name.empty())
    return "the model needs the operator " + name + newer_library_hint();
  // Pickled names of what a newer libtorch added: UInt16Storage, Float8_e5m2Storage, _rebuild_tensor_v3 …
  if (auto name = word_after(text, {"unknown torch global, '", "unknown torch global '"}); !name.empty())
    return "the model needs " + name + newer_library_hint();
  if (auto name = word_after(text, {"Unknown type name '", "Unknown type: '", "class type: __torch__.torch.classes."}); !name.empty())
    return "the model needs the type " + name + newer_library_hint();
  if (auto name = word_after(text, {"module 'torch' has no attribute '"}); !name.empty())
    return "the model needs torch." + name + newer_library_hint();
  if (text.find("maximum supported version for reading") != std::string::npos)
    return "the model's file format is too new for " + library_name() + "; run Granary with a newer libtorch (LIBTORCH=<directory of a libtorch>)";
  return {};
}

// What the archive reader says in its own words about a file that is not what it should be.
std::string unreadable_archive(const std::string& text) {
  if (text.find("failed finding central directory") != std::string::npos || text.find("archive does not contain a file") != std::string::npos)
    return "the file is no TorchScript archive, or it is truncated";
  if (text.find("failed locating file constants.pkl") != std::string::npos)
    return "the archive holds no TorchScript module: save one with torch.jit.save(torch.jit.script(model), file)";
  return {};
}

bool is_out_of_memory(const std::string& text) {
  return text.find("out of memory") != std::string::npos || text.find("can't allocate memory") != std::string::npos ||
      text.find("not enough memory") != std::string::npos;
}

// "[enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't …"
void erase_enforce(std::string& text) {
  const auto at = text.find("[enforce fail at ");
  if (at == std::string::npos) return;
  const auto end = text.find(". ", text.find(']', at));
  if (end != std::string::npos) text.erase(at, end + 2 - at);
}

std::string clean(std::string text) {
  cut_from(text, "\nException raised from ");
  cut_from(text, "\nframe #0:");
  cut_from(text, "\nCUDA kernel errors might be asynchronously reported");
  if (text.find(kHere) != std::string::npos) text = shorten_traceback(text);
  erase_all(text, "The following operation failed in the TorchScript interpreter.\n");
  erase_source_positions(text);
  erase_enforce(text);
  erase_all(text, ", please report a bug to PyTorch.");
  text = std::string(trim(text));
  if (text.size() > kMaxMessage) {
    text.resize(kMaxMessage);
    // Never cut a character of several bytes in two.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0x80) text.pop_back();
    text += " …";
  }
  return text.empty() ? "unknown failure" : text;
}

Failure from_text(Code fallback, const std::string& text) {
  if (is_out_of_memory(text)) return {Code::OutOfMemory, clean(text)};
  if (fallback == Code::Load) {
    if (auto message = missing_operator(text); !message.empty()) return {Code::MissingOperator, std::move(message)};
    if (auto message = unreadable_archive(text); !message.empty()) return {Code::Load, std::move(message)};
  }
  return {fallback, clean(text)};
}

}  // namespace

Failure describe_exception(Code fallback) {
  try {
    throw;
  } catch (const Failure& failure) {
    return failure;
  } catch (const std::bad_alloc&) {
    return {Code::OutOfMemory, "out of memory"};
  } catch (const c10::Error& error) {
    return from_text(fallback, error.what_without_backtrace());
  } catch (const std::exception& error) {
    return from_text(fallback, error.what());
  } catch (...) {
    return {Code::Internal, "libtorch threw something that is no exception"};
  }
}

}  // namespace granary
