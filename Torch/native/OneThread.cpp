// See OneThread.h. Three libraries count threads: OpenMP and MKL for each thread, OpenBLAS for the process.
#include "OneThread.h"

#include <dlfcn.h>
#include <mutex>

#include <ATen/Context.h>
#include <ATen/Parallel.h>

namespace granary {
namespace {

int threads_of_process = 1;
void (*set_blas)(int) = nullptr;

std::mutex blas_sync;
int blas_users = 0;

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

// Other calls lose their threads in the BLAS while a deterministic one runs; they promise speed, not bits.
void enter_blas() {
  const std::lock_guard<std::mutex> lock(blas_sync);
  if (blas_users++ == 0) set_blas(1);
}

void leave_blas() {
  const std::lock_guard<std::mutex> lock(blas_sync);
  if (--blas_users == 0) set_blas(threads_of_process);
}

}  // namespace

void OneThread::set_up(int threads, void (*blas)(int)) {
  threads_of_process = threads;
  set_blas = blas;
}

OneThread::OneThread() {
  if (threads_of_process == 1) return;
  const auto& found = libraries();
  // libtorch sets a thread up when it first asks; that must not come after us.
  openmp_ = at::get_num_threads();
  if (found.set_openmp == nullptr || (at::hasMKL() && found.set_mkl == nullptr)) {
    // libtorch can tell libraries that are hidden inside it. It also makes 1 the number for threads that start
    // meanwhile, which costs them speed and no bits.
    hidden_ = true;
    at::set_num_threads(1);
  } else {
    found.set_openmp(1);
    if (found.set_mkl != nullptr) mkl_ = found.set_mkl(1);
  }
  if (set_blas != nullptr) enter_blas();
}

OneThread::~OneThread() {
  if (openmp_ == 0) return;
  if (set_blas != nullptr) leave_blas();
  const auto& found = libraries();
  if (hidden_) {
    at::set_num_threads(threads_of_process);
    return;
  }
  if (found.set_mkl != nullptr) found.set_mkl(mkl_);
  found.set_openmp(openmp_);
}

}  // namespace granary
