# Debian packages by purpose; sourced by ./dev.
# shellcheck shell=sh

packages_of() {
  case $1 in
    build) echo "g++ cmake ninja-build pkg-config ccache git ca-certificates nlohmann-json3-dev libwebsockets-dev libwebsockets-evlib-ev
      libev-dev libsqlite3-dev libtomlplusplus-dev libpaho-mqtt-dev libpaho-mqttpp-dev libssl-dev libsodium-dev libcpp-httplib-dev zlib1g-dev libgtest-dev" ;;
    format) echo clang-format-14 ;;
    lint) echo "clang-format-14 clang-tidy-14 shellcheck" ;;
    bench) echo "libbenchmark-dev mosquitto valgrind binutils" ;;
    run) echo mosquitto ;;
    test) echo "mosquitto mosquitto-clients socat curl jq util-linux nginx haproxy openssl binutils systemd strace" ;;
    browser) echo "chromium fonts-dejavu-core" ;;
    fuzz) echo "clang libclang-rt-14-dev" ;;
    node) node_packages ;;
  esac
}

# Debian's own node (18 and later will do), unless there is one.
node_packages() {
  command -v node >/dev/null && command -v npm >/dev/null || echo "nodejs npm"
}

installed() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed'
}

# need PURPOSE…: installs what is missing for them, saying what.
need() {
  missing=
  for purpose; do
    for package in $(packages_of "$purpose"); do
      installed "$package" || missing="$missing $package"
    done
  done
  [ -z "$missing" ] || install_packages "$missing"
}

install_packages() {
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "./dev: as root, please: apt-get install$1" >&2; exit 1; }
    as_root=sudo
  fi
  echo "./dev: installing with apt:$1" >&2
  $as_root apt-get update -q >/dev/null
  # shellcheck disable=SC2086 # a list of words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $1 >build/apt.log 2>&1 ||
    { cat build/apt.log >&2; echo "./dev: apt could not install$1" >&2; exit 1; }
}
