#!/usr/bin/env bash
# Compiles loop.cpp to artifacts/bench/loop with the system's libtorch or the one in LIBTORCH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$here/../../artifacts/bench
mkdir -p "$out"
includes=()
if [[ -n ${LIBTORCH:-} ]]; then
  include=$LIBTORCH/include lib=$LIBTORCH/lib
  includes=(-isystem "$include")
else
  include=/usr/include lib=$(dirname "$(ls /usr/lib/*/libtorch_cpu.so | head -n 1)")
fi
stamp="$lib $(sha256sum "$here/loop.cpp" "${BASH_SOURCE[0]}")"
[[ -x $out/loop && $(cat "$out/loop.stamp" 2>/dev/null) == "$stamp" ]] && exit 0
# PyTorch's own builds before 2.6 use the old C++ string.
abi=0
grep -aq '_ZN3c105ErrorC[12]ENS_14SourceLocationENSt7__cxx11' "$lib/libc10.so" && abi=1
"${CXX:-g++}" -std=c++17 -O2 -D_GLIBCXX_USE_CXX11_ABI=$abi "${includes[@]}" \
  -isystem "$include/torch/csrc/api/include" "$here/loop.cpp" -o "$out/loop" \
  -L"$lib" -Wl,-rpath,"$lib" -ltorch -ltorch_cpu -lc10 -pthread
printf '%s' "$stamp" >"$out/loop.stamp"
