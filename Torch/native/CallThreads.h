// Gives a call the threads that it asks for, whatever the process was told.
#pragma once

#include "Shim.h"

namespace granary {

// While it lives, operators on this thread use so many threads. Costs next to nothing when that is the number of the
// process.
class CallThreads {
 public:
  // `threads`: at least 1. `strict`: nothing may use more, so that sums and products are cut in the same way on every
  // host and round in the same way; only with one thread.
  CallThreads(int threads, bool strict);
  ~CallThreads();
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  // The number of the process.
  static int of_process();

  // Called once a process, before any call. `blas` sets the threads of a BLAS that has its own, or is null.
  static void set_up(int threads, void (*blas)(int));

 private:
  const int threads_;
  const bool strict_;
  int openmp_ = 0;
  int mkl_ = 0;
  bool hidden_ = false;
};

}  // namespace granary
