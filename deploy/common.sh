# Sourced by the scripts beside it and by the tests of sandboxctl: packages, the build, and a daemon of one's own.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
JAR=$ROOT/target/quarkus-app/quarkus-run.jar
# Which daemon is started here: the one that was built, unless a test sets another.
APP=${JAR%/*}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Installs the packages whose commands are not there; a file's path stands for itself.
need() { # COMMAND-OR-FILE:PACKAGE...
  local pair missing=()
  for pair; do
    if [[ $pair == /* ]]; then [[ -e ${pair%%:*} ]]; else type -P "${pair%%:*}" >/dev/null; fi || missing+=("${pair#*:}")
  done
  ((${#missing[@]})) || return 0
  type -P apt-get >/dev/null || die "please install: ${missing[*]}"
  ((EUID == 0)) || die "run me as root, or install: ${missing[*]}"
  printf 'Installing %s\n' "${missing[*]}"
  # A fresh machine knows no packages yet; what an old one knows may be out of date.
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || ! install_packages "${missing[@]}"; then
    apt-get -qq update || die 'apt-get update failed'
    install_packages "${missing[@]}" || die "apt-get could not install: ${missing[*]}"
  fi
}

install_packages() { # PACKAGE...
  DEBIAN_FRONTEND=noninteractive apt-get -qqy -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" >/dev/null </dev/null
}

# What every build needs: the daemon is Java 17, its helper C.
need_build_tools() {
  need javac:openjdk-17-jdk-headless mvn:maven gcc:gcc musl-gcc:musl-tools make:make \
    /usr/include/stdio.h:libc6-dev curl:curl
  need_libraries
}

# Which the daemon loads: one when it starts, one with the first network.
need_libraries() {
  local known library missing=()
  known=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p)
  for library in libseccomp.so.2:libseccomp2 libnftables.so.1:libnftables1; do
    [[ $known == *"${library%:*}"* ]] || missing+=("/no/$library")
  done
  need "${missing[@]}"
}

# Starts a daemon whose socket, state and cgroups are apart from any other's, and waits until it is ready. Sets SOCKET,
# DAEMON (its pid), DAEMON_CGROUP and DAEMON_LAYERS. With a command that executes another one, such as "unshare --net", it
# is started by that: its networks are then in a network namespace of its own.
start_daemon() { # DIRECTORY [COMMAND...]
  local tries
  launch_daemon "$@"
  # Minutes: an emulated machine takes more than one.
  for ((tries = 0; tries < 1500; tries++)); do
    curl -sf --unix-socket "$SOCKET" -o /dev/null http://d/q/health/ready && return
    kill -0 "$DAEMON" 2>/dev/null || break
    sleep 0.2
  done
  cat "$1/daemon.log" >&2
  die 'the daemon did not become ready; above is what it said'
}

# The same without the wait.
launch_daemon() { # DIRECTORY [COMMAND...]
  local dir=$1
  SOCKET=$dir/sandboxd.sock
  DAEMON_CGROUP=/${dir##*/}
  # The upper layer of an overlay can be neither on an overlay nor, in a user namespace before Linux 6.6, on a tmpfs.
  DAEMON_LAYERS=$dir/layers
  [[ $(stat -f -c %T /var/tmp) == overlayfs ]] || DAEMON_LAYERS=/var/tmp/${dir##*/}.layers
  mkdir -p "$dir/tmp"
  chmod 0700 "$dir" "$dir/tmp"
  # A terminal that closes is no reason for a daemon to end.
  (
    trap '' HUP
    export SANDBOXD_APP=$APP SANDBOXD_SOCKET=$SOCKET SANDBOXD_STATE_DIR=$dir/state SANDBOXD_LAYER_DIR=$DAEMON_LAYERS \
      SANDBOXD_CGROUP_ROOT=$DAEMON_CGROUP JDK_JAVA_OPTIONS="-Djava.io.tmpdir=$dir/tmp ${JDK_JAVA_OPTIONS-}"
    exec "${@:2}" "$ROOT/deploy/sandboxd" >>"$dir/daemon.log" 2>&1 </dev/null
  ) &
  DAEMON=$!
}

stop_daemon() {
  [[ ${DAEMON-} ]] || return 0
  kill "$DAEMON" 2>/dev/null || true
  wait "$DAEMON" 2>/dev/null || true
  DAEMON=''
}

# With all that is its own. What is still in use stays, and that is to be seen: it would be a leak.
remove_daemon() { # DIRECTORY
  local group
  remove_all_sandboxes
  stop_daemon
  if [[ ${DAEMON_CGROUP-} ]]; then
    daemon_cgroups | sort -r | while read -r group; do rmdir "$group" || true; done
    rm -rf -- "$DAEMON_LAYERS"
  fi
  rm -rf -- "$1"
}

# Sandboxes outlive their daemon: whoever wants nothing to stay removes them first.
remove_all_sandboxes() {
  local name names=()
  [[ ${DAEMON-} && -S ${SOCKET-} ]] || return 0
  mapfile -t names < <("$ROOT/deploy/sandboxctl" -H "unix://$SOCKET" ls -q)
  for name in "${names[@]}"; do "$ROOT/deploy/sandboxctl" -H "unix://$SOCKET" rm -f "$name"; done
}

# Makes an empty directory that can be a sandbox's root: its file system must be able to show its files with other
# owners (idmapped mounts), which depends on kernel and file system. Sets ROOT_DIRECTORY.
make_root_directory() {
  local base said='' name=root-probe-$$
  for base in "$ROOT/target" /var/tmp /run /dev/shm; do
    ROOT_DIRECTORY=$(mktemp -d "$base/sandboxd-root.XXXXXX") || continue
    chmod 755 "$ROOT_DIRECTORY"
    mkdir "$ROOT_DIRECTORY"/{bin,dev,etc,proc,run,sys,tmp}
    if said+=$'\n'$("$ROOT/deploy/sandboxctl" -H "unix://$SOCKET" create --name "$name" --root "$ROOT_DIRECTORY" --overlay 2>&1); then
      "$ROOT/deploy/sandboxctl" -H "unix://$SOCKET" rm -f "$name"
      return
    fi
    rm -rf "$ROOT_DIRECTORY"
  done
  die "no directory can be the root of a sandbox here: $said"
}

# The directories of the daemon's cgroup root, which is its own business while it runs.
daemon_cgroups() {
  find /sys/fs/cgroup -type d -path "*$DAEMON_CGROUP*" 2>/dev/null
}
