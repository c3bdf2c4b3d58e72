// The compute limit: forward in a loop on several threads that share one frozen module, with no server around it.
//
//   loop MODEL.pt float|double SHAPE THREADS SECONDS [optimize]      prints {"rate": calls a second, "p50": ms, "p99": ms}
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/script.h>

using Clock = std::chrono::steady_clock;

static void warm(torch::jit::Module& module, const std::vector<torch::jit::IValue>& inputs) {
  for (int call = 0; call < 3; ++call) module.forward(inputs);
}

int main(int argc, char** argv) {
  if (argc < 6) return std::fprintf(stderr, "usage: loop MODEL float|double SHAPE THREADS SECONDS [optimize]\n"), 2;
  const auto dtype = std::string(argv[2]) == "double" ? torch::kFloat64 : torch::kFloat32;
  std::vector<int64_t> shape;
  std::stringstream sizes(argv[3]);
  for (std::string size; std::getline(sizes, size, ',');) shape.push_back(std::stoll(size));
  const int threads = std::stoi(argv[4]);
  const double seconds = std::stod(argv[5]);

  torch::jit::getProfilingMode() = false;
  torch::jit::getExecutorMode() = false;
  at::set_num_threads(1);
  c10::InferenceMode guard;
  auto module = torch::jit::load(argv[1]);
  module.eval();
  module = argc > 6 ? torch::jit::optimize_for_inference(module) : torch::jit::freeze(module);

  std::atomic<int> ready{0};
  std::vector<std::vector<float>> times(threads);
  std::vector<std::thread> pool;
  Clock::time_point end;
  std::atomic<bool> go{false};
  for (int index = 0; index < threads; ++index) {
    pool.emplace_back([&, index] {
      c10::InferenceMode thread_guard;
      at::set_num_threads(1);
      const std::vector<torch::jit::IValue> inputs{torch::rand(shape, dtype)};
      warm(module, inputs);
      times[index].reserve(1 << 22);
      ++ready;
      while (!go) std::this_thread::yield();
      for (auto now = Clock::now(); now < end;) {
        module.forward(inputs);
        const auto then = Clock::now();
        times[index].push_back(std::chrono::duration<float, std::milli>(then - now).count());
        now = then;
      }
    });
  }
  while (ready < threads) std::this_thread::yield();
  const auto start = Clock::now();
  end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  go = true;
  for (auto& thread : pool) thread.join();
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();

  std::vector<float> all;
  for (const auto& part : times) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  std::printf("{\"rate\": %.1f, \"p50\": %.5f, \"p99\": %.5f}\n", all.size() / elapsed, all[all.size() / 2],
              all[all.size() * 99 / 100]);
}
