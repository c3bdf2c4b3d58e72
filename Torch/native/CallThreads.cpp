// See CallThreads.h. Three libraries count threads: OpenMP and MKL for each thread, OpenBLAS for the process.
#include "CallThreads.h"

#include <atomic>
#include <dlfcn.h>
#include <map>
#include <mutex>

#include <ATen/Context.h>
#include <ATen/Parallel.h>

namespace granary {
namespace {

int threads_of_process = 1;
void (*set_blas)(int) = nullptr;

// Looks where the shim's own libraries are, so that it finds the OpenMP that libtorch uses and no other.
void* symbol(const char* name) {
  static void* const self = [] {
    Dl_info info;
    return dladdr(reinterpret_cast<void*>(&library_name), &info) != 0 ? dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : nullptr;
  }();
  return self != nullptr ? dlsym(self, name) : nullptr;
}

struct Libraries {
  void (*set_openmp)(int) = reinterpret_cast<void (*)(int)>(symbol("omp_set_num_threads"));
  // Returns what was set before; 0 stands for "as the process".
  int (*set_mkl)(int) = reinterpret_cast<int (*)(int)>(symbol("MKL_Set_Num_Threads_Local"));
};

const Libraries& libraries() {
  static const Libraries found;
  return found;
}

// The one number of a BLAS with threads of its own. Strict calls hold it at 1: others lose their threads in the BLAS
// meanwhile, they promise speed and not bits. Else it is the largest that running calls ask for.
class BlasThreads {
 public:
  void set_up(int threads) {
    wanted_ = threads;
    now_ = threads;
  }

  // Without the lock where no call has asked for more than one: either the other side sees our count here, or we
  // see its number below. Sequential consistency is what makes that "either or" hold.
  void enter_strict() {
    strict_.fetch_add(1);
    if (now_.load() != 1) apply();
  }

  void leave_strict() {
    if (strict_.fetch_sub(1) == 1 && wanted_.load() != 1) apply();
  }

  void enter(int threads) {
    const std::lock_guard<std::mutex> lock(sync_);
    ++calls_[threads];
    choose();
  }

  void leave(int threads) {
    const std::lock_guard<std::mutex> lock(sync_);
    if (--calls_[threads] == 0) calls_.erase(threads);
    choose();
  }

 private:
  void apply() {
    const std::lock_guard<std::mutex> lock(sync_);
    choose();
  }

  // Called under the lock.
  void choose() {
    const int before = now_.load();
    wanted_.store(calls_.empty() ? threads_of_process : calls_.rbegin()->first);
    now_.store(wanted_.load());
    if (strict_.load() > 0) now_.store(1);
    if (now_.load() != before) set_blas(now_.load());
  }

  std::mutex sync_;
  std::map<int, int> calls_;
  std::atomic<int> strict_{0};
  std::atomic<int> wanted_{1};
  std::atomic<int> now_{1};
};

BlasThreads blas;

}  // namespace

int CallThreads::of_process() {
  return threads_of_process;
}

void CallThreads::set_up(int threads, void (*set)(int)) {
  threads_of_process = threads;
  set_blas = set;
  blas.set_up(threads);
}

CallThreads::CallThreads(int threads, bool strict) : threads_(threads), strict_(strict) {
  if (set_blas != nullptr && strict) blas.enter_strict();
  if (threads == threads_of_process) return;
  const auto& found = libraries();
  // libtorch sets a thread up when it first asks; that must not come after us.
  openmp_ = at::get_num_threads();
  if (found.set_openmp == nullptr || (at::hasMKL() && found.set_mkl == nullptr)) {
    // libtorch can tell libraries that are hidden inside it. It also makes this the number for threads that start
    // meanwhile, which costs them speed and no bits.
    hidden_ = true;
    at::set_num_threads(threads);
  } else {
    found.set_openmp(threads);
    if (found.set_mkl != nullptr) mkl_ = found.set_mkl(threads);
  }
  if (set_blas != nullptr && !strict) blas.enter(threads);
}

CallThreads::~CallThreads() {
  if (set_blas != nullptr && strict_) blas.leave_strict();
  if (openmp_ == 0) return;
  if (set_blas != nullptr && !strict_) blas.leave(threads_);
  const auto& found = libraries();
  if (hidden_) {
    at::set_num_threads(threads_of_process);
    return;
  }
  if (found.set_mkl != nullptr) found.set_mkl(mkl_);
  found.set_openmp(openmp_);
}

}  // namespace granary
