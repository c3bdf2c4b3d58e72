// Keeps a call on one thread, whatever the process was told.
#pragma once

#include "Shim.h"

namespace granary {

// While it lives, operators on this thread use one thread: sums and products are then cut in the same way on every
// host, so they round in the same way. Costs nothing when the process was started with one thread.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

  // Called once a process, before any call. `blas` sets the threads of a BLAS that has its own, or is null.
  static void set_up(int threads, void (*blas)(int));

 private:
  int openmp_ = 0;
  int mkl_ = 0;
  bool hidden_ = false;
};

}  // namespace granary
