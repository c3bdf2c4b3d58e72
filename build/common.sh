# Sourced by run, test, .ci/run and bench/run: steps, logs, Debian packages, builds. $root is the repository.
# shellcheck shell=bash

artifacts=$root/artifacts
logs=$artifacts/logs
mkdir -p "$logs"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DEBIAN_FRONTEND=noninteractive

# One thread inside an operator: requests run beside each other. libtorch reads these when its process starts.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
export MKL_NUM_THREADS=${MKL_NUM_THREADS:-1}

step() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
note() { printf '        %s\n' "$*"; }
fail() {
  local code=$1
  shift
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit "$code"
}

# quietly LOG COMMAND...: output goes to artifacts/logs/LOG.log; a line of progress every 15 s; its end is shown if it fails.
quietly() {
  local log=$logs/$1.log pid code=0 started=$SECONDS told=$SECONDS
  shift
  # Not 9: servers that a build leaves behind must not hold the lock of the caller.
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    if ((SECONDS - told >= 15)); then
      told=$SECONDS
      note "… $((SECONDS - started)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c1-100)"
    fi
  done
  wait "$pid" || code=$?
  if ((code != 0)); then
    tail -n "${QUIETLY_TAIL:-40}" "$log" >&2
    printf '%s failed (exit code %d); its whole output: %s\n' "$1" "$code" "$log" >&2
  fi
  return "$code"
}

has_package() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# The BLAS that programs get; Debian's reference one is twenty times slower than OpenBLAS.
has_fast_blas() {
  local library
  for library in /usr/lib/*/libblas.so.3 /usr/lib/libblas.so.3; do
    [[ -e $library ]] && [[ $(readlink -f "$library") =~ openblas|mkl|blis|atlas ]] && return
  done
  return 1
}

# Packages that building and running the service needs and this machine lacks, one a line.
missing_packages() {
  if [[ -z ${LIBTORCH:-} ]]; then
    compgen -G '/usr/lib/*/libtorch_cpu.so' >/dev/null && [[ -d /usr/include/torch/csrc ]] || echo libtorch-dev
    has_fast_blas || echo libopenblas0-pthread
  fi
  [[ -e /usr/include/png.h ]] || echo libpng-dev
  [[ -e /usr/include/jpeglib.h ]] || echo libjpeg-dev
  [[ -e /usr/include/webp/decode.h ]] || echo libwebp-dev
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || command -v make >/dev/null || echo make
  command -v "${CXX:-g++}" >/dev/null || echo g++
}

# install_packages NAME...: as root with apt; otherwise says what to install and stops with exit code 2.
install_packages() {
  (($# > 0)) || return 0
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    fail 2 "this needs Debian packages that are not installed: $*
Install them ('sudo apt-get install $*', or what they are called on your system) and start again."
  fi
  step "installing $*"
  if ! apt-get install --simulate --no-install-recommends "$@" >/dev/null 2>&1; then
    quietly apt-update apt-get update || fail 1 "apt-get update failed; $* cannot be installed"
  fi
  if ! quietly apt-install apt-get install -y --no-install-recommends "$@"; then
    # The list of packages may be older than what the mirror holds now.
    quietly apt-update apt-get update && quietly apt-install apt-get install -y --no-install-recommends "$@" ||
      fail 1 "apt-get could not install $*"
  fi
}

# The packages of tests/node, as its lock file pins them; nothing to do while the lock file is the one last installed.
install_node_tools() {
  local tools=$root/tests/node
  local installed=$tools/node_modules/.installed
  cmp -s "$tools/package-lock.json" "$installed" && return
  step "installing the packages of tests/node"
  quietly npm npm ci --prefix "$tools" || fail 1 "npm could not install the packages of tests/node"
  cp "$tools/package-lock.json" "$installed"
}

need_dotnet() {
  local version
  command -v dotnet >/dev/null || fail 2 "the .NET SDK 10 is not installed (no 'dotnet' in PATH): https://dotnet.microsoft.com/download"
  version=$(cd "$root" && dotnet --version 2>/dev/null) || version=none
  ((${version%%.*} >= 10)) 2>/dev/null || fail 2 "the .NET SDK 10 or later is needed; 'dotnet --version' says $version"
}

# A hash of names and contents of the files under the given paths, less what a build writes.
hash_of() {
  find "$@" \( -name bin -o -name obj -o -name artifacts \) -prune -o -type f -print0 2>/dev/null |
    LC_ALL=C sort -z | xargs -0 -r sha256sum | sha256sum | cut -c1-64
}

build_shim() {
  quietly native bash "$root/build/native.sh" || fail 1 "the libtorch shim did not build"
}

# restore_target PROJECT: restores it with everything; without the Azure providers where their packages are not to be had
# (GranaryAzure=false from then on). Returns 3 when Microsoft.Orleans packages are missing; any other error ends the script.
restore_target() {
  local log=$logs/restore.log
  dotnet restore "$1" -nodeReuse:false >"$log" 2>&1 </dev/null && return
  if [[ ${GranaryAzure:-true} == true ]] && grep -qE 'error NU110[123]: .*(AzureStorage|Azure\.)' "$log"; then
    export GranaryAzure=false
    note "the Azure providers of the cluster cannot be restored here; building without them (GranaryAzure=false)"
    dotnet restore "$1" -nodeReuse:false >"$log" 2>&1 </dev/null && return
  fi
  [[ ${GranaryOrleans:-true} == true ]] && grep -qE 'error NU110[123]: .*Microsoft\.Orleans\.' "$log" && return 3
  tail -n 40 "$log" >&2
  fail 1 "dotnet restore failed; its whole output: $log"
}

# Restores the whole solution; sets $solution to what can be built and $left_out to the projects that cannot.
# Only a feed without the Microsoft.Orleans packages leaves projects out (GranaryOrleans=false from then on), and only those
# that Granary.slnf lacks.
restore_solution() {
  local project code=0
  local -a optional
  solution=$root/Orleans.sln
  left_out=()
  mapfile -t optional < <(optional_projects)
  for project in "${optional[@]}"; do
    [[ $(basename "$project") =~ ^(Grains|Silo) ]] ||
      fail 1 "Granary.slnf lacks $project; only Grains*, Silo* and their tests may be left out"
  done
  restore_target "$solution" || code=$?
  ((code == 0)) && return

  export GranaryOrleans=false
  solution=$root/Granary.slnf
  left_out=("${optional[@]}")
  note "the Microsoft.Orleans packages cannot be restored here; left out: ${left_out[*]}"
  quietly restore dotnet restore "$solution" -nodeReuse:false || fail 1 "dotnet restore failed"
}

# Restores the API alone, with the cluster where its packages are to be had.
restore_api() {
  restore_target "$root/Api/Api.csproj" && return
  export GranaryOrleans=false
  note "the Microsoft.Orleans packages cannot be restored here; building the API without the cluster"
  quietly restore dotnet restore "$root/Api/Api.csproj" -nodeReuse:false || fail 1 "dotnet restore failed"
}

# The projects of Orleans.sln that Granary.slnf lacks.
optional_projects() {
  local project
  while read -r project; do
    grep -qF "\"${project//\\/\\\\}\"" "$root/Granary.slnf" || printf '%s\n' "${project//\\//}"
  done < <(sed -nE 's/^Project\(.*"([^"]+\.csproj)".*/\1/p' "$root/Orleans.sln" | tr '/' '\\')
}
