#!/usr/bin/env bash
# Compiles Torch/native into artifacts/native/<key>/libgranary_torch.so and points artifacts/native/current at it, and
# Torch/native/image, which needs no libtorch, into artifacts/native/image/libgranary_image.so.
#
#   build/native.sh                  with the system's libtorch (Debian: apt install libtorch-dev)
#   LIBTORCH=<dir> build/native.sh   with another: a libtorch or an installed torch package, with include/ and lib/
#
# <key> names the libtorch, so switching back and forth costs nothing; an unchanged shim is not built again.
set -euo pipefail

say() { printf 'native: %s\n' "$*"; }
fail() { printf 'native: %s\n' "$*" >&2; exit 1; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source_dir=$root/Torch/native
out=$root/artifacts/native

# --- Which libtorch ---
if [[ -n ${LIBTORCH:-} ]]; then
  [[ -d $LIBTORCH ]] || fail "LIBTORCH=$LIBTORCH is no directory"
  torch=$(cd "$LIBTORCH" && pwd -P)
  include=$torch/include lib=$torch/lib
  [[ -e $lib/libtorch_cpu.so ]] || fail "LIBTORCH=$LIBTORCH has no lib/libtorch_cpu.so; it must be a libtorch or an installed torch package"
else
  include=/usr/include lib=
  for candidate in /usr/lib/*/libtorch_cpu.so /usr/lib/libtorch_cpu.so; do
    [[ -e $candidate ]] && lib=$(dirname "$candidate") && break
  done
  [[ -n $lib ]] || fail "there is no libtorch: run ./run as root, or 'apt install libtorch-dev libopenblas0-pthread', or set LIBTORCH=<directory of a libtorch>"
fi
version_header=$include/torch/csrc/api/include/torch/version.h
[[ -e $version_header ]] || fail "$version_header is missing: this libtorch has no C++ headers"
number() { sed -n "s/^#define TORCH_VERSION_$1 \([0-9]*\).*/\1/p" "$version_header"; }
version=$(number MAJOR).$(number MINOR).$(number PATCH)

mkdir -p "$out"
exec 9>"$out/.lock"
flock 9

generator=()
need_compiler() {
  local missing=()
  command -v cmake >/dev/null || missing+=(cmake)
  command -v "${CXX:-g++}" >/dev/null || missing+=(g++)
  ((${#missing[@]} == 0)) || fail "the native libraries need ${missing[*]}: run ./run as root, or 'apt install ${missing[*]}'"
  ! command -v ninja >/dev/null || generator=(-G Ninja)
}

# --- The image library ---
image_source=$source_dir/image
image=$out/image
image_stamp=$(printf '%s\n' "$(uname -m)" "$(cat "$image_source"/*.{cpp,h,txt} | sha256sum)" | sha256sum | cut -c1-64)
mkdir -p "$image"
if [[ -e $image/libgranary_image.so && $(cat "$image/stamp" 2>/dev/null) == "$image_stamp" ]]; then
  say "the image library is up to date"
else
  need_compiler
  rm -f "$image/stamp"
  if ! { cmake -S "$image_source" -B "$image/build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
         && cmake --build "$image/build" --parallel "$(nproc)"; } >"$image/build.log" 2>&1; then
    tail -n 60 "$image/build.log" >&2
    fail "the image library did not build; does the machine have libpng-dev, libjpeg-dev and libwebp-dev? The whole log is artifacts/native/image/build.log"
  fi
  cp "$image/build/libgranary_image.so" "$image/.new.so"
  mv "$image/.new.so" "$image/libgranary_image.so"
  printf '%s\n' "$image_stamp" >"$image/stamp"
  say "built the image library"
fi

# --- Is there anything to do for the shim? ---
identity="$lib $version $(stat -Lc '%s %Y' "$lib/libtorch_cpu.so")"
key=$version-$(printf '%s' "$lib" | sha256sum | cut -c1-8)
stamp=$(printf '%s\n' "$identity" "$(uname -m)" "$(cat "$source_dir"/*.{cpp,h,txt} "${BASH_SOURCE[0]}" | sha256sum)" | sha256sum | cut -c1-64)
target=$out/$key
mkdir -p "$target"

point_current() {
  [[ $(readlink "$out/current" 2>/dev/null) == "$key" ]] && return
  # MSBuild copies the newer file: the one that was switched to must be that, however old the build is.
  touch "$target/libgranary_torch.so"
  ln -sfn "$key" "$out/.current.$$" && mv -T "$out/.current.$$" "$out/current"
  say "artifacts/native/current is now $key"
}

if [[ -e $target/libgranary_torch.so && $(cat "$target/stamp" 2>/dev/null) == "$stamp" ]]; then
  point_current
  say "the shim for libtorch $version is up to date"
  exit 0
fi

# --- Build ---
need_compiler
# PyTorch's own builds before 2.6 use the old C++ string; the library itself says which it has.
abi=0
grep -aq '_ZN3c105ErrorC[12]ENS_14SourceLocationENSt7__cxx11' "$lib/libc10.so" && abi=1

say "building the shim for libtorch $version in $lib"
started=$SECONDS
rm -f "$target/stamp"
log=$target/build.log
if ! { cmake -S "$source_dir" -B "$target/build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
         -DTORCH_INCLUDE="$include;$include/torch/csrc/api/include" -DTORCH_LIB="$lib" -DTORCH_CXX11_ABI=$abi \
       && cmake --build "$target/build" --parallel "$(nproc)"; } >"$log" 2>&1; then
  tail -n 60 "$log" >&2
  fail "the shim did not build; the whole log is artifacts/native/$key/build.log"
fi
# Renamed into place: a running process keeps the file that it has open.
cp "$target/build/libgranary_torch.so" "$target/.new.so"
mv "$target/.new.so" "$target/libgranary_torch.so"
printf '%s\n' "$stamp" >"$target/stamp"
point_current
say "built in $((SECONDS - started)) s"
