#!/usr/bin/env bash
# Builds torch-serving's own binary as a peer: build.sh CHECKOUT OUTPUT
# CHECKOUT is a clone of github.com/lukedeo/torch-serving; it is not changed. spdlog comes from Debian (libspdlog-dev) instead of the submodule.
# Two changes let it compile and compete: sizes as int64_t, which libtorch 1.13 wants, and TCP_NODELAY on accepted sockets, without
# which Nagle's algorithm costs it 40 ms a request. KEEP_ALIVE=N raises its limit of 5 requests a connection.
set -euo pipefail
checkout=$(realpath "$1")
output=$(realpath -m "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$checkout/apps" "$checkout/include" "$checkout/src" "$checkout/extern" "$work/"
cd "$work"
sed -i 's/get<std::vector<long long>>()/get<std::vector<int64_t>>()/' src/tensor_io.cpp
sed -i 's|^#include <sys/socket.h>|&\n#include <netinet/in.h>\n#include <netinet/tcp.h>|
        s|^ *task_queue->enqueue(\[=\]() { read_and_close_socket(sock); });|      int yes = 1; setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, \&yes, sizeof yes);\n&|
        s|KEEPALIVE_MAX_COUNT 5|KEEPALIVE_MAX_COUNT '"${KEEP_ALIVE:-5}"'|' extern/httplib.h
grep -q TCP_NODELAY extern/httplib.h
g++ -std=c++17 -O3 -DNDEBUG -DSPDLOG_FMT_EXTERNAL -DSPDLOG_COMPILED_LIB -I. -Iinclude -I/usr/include/torch/csrc/api/include \
    -o "$output" apps/serving.cpp src/tensor_io.cpp -lspdlog -lfmt -ltorch -ltorch_cpu -lc10 -lpthread
