# Sourced by the tests here that need the packaged daemon: starts one, which ends with the test. Sets dir, of files that
# end with it too, and root, a directory with busybox that can be the root of a sandbox. With DAEMON_WITHIN, a command that executes
# another one, the daemon is started by that.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=src/test/sh/assert.sh
. "$here/assert.sh"
# shellcheck source=deploy/common.sh
. "$here/../../../deploy/common.sh"
PATH=$ROOT/deploy:$PATH

if ((EUID != 0)); then
  skip 'everything' 'sandboxes are made as root'
  done_testing
  exit
fi
[[ -f $JAR ]] || die "there is no $JAR: run mvn package"

[[ ${DAEMON_WITHIN+set} ]] || DAEMON_WITHIN=()
dir=$(mktemp -d /run/sandboxd-test.XXXXXX)
root=''
clean_up() {
  remove_daemon "$dir"
  [[ -z $root ]] || rm -rf -- "$root"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP
start_daemon "$dir" "${DAEMON_WITHIN[@]}"
export SANDBOXD_HOST=unix://$SOCKET

make_root_directory
root=$ROOT_DIRECTORY
busybox=$(type -P busybox) && cp "$busybox" "$root/bin/busybox"
for applet in $(busybox --list); do [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"; done
printf 'root:x:0:0::/:/bin/sh\nworker:x:7:8::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nworkers:x:8:\n' >"$root/etc/group"
chmod -R go+rX "$root"

runs() { # WHAT EXPECTED-STATUS EXPECTED-OUTPUT ARGUMENT...
  try sandboxctl "${@:4}"
  is "$1" "$2 $3" "$CODE $OUT$ERR"
}
fails() { # WHAT STATUS MESSAGE-PATTERN ARGUMENT...
  try sandboxctl "${@:4}"
  like "$1" "$2 sandboxctl: $3" "$CODE $OUT$ERR"
}
is_gone() { # NAME
  is "$1 is gone" '' "$(sandboxctl ls -q | grep -x "$1")"
}

# Asks again until the answer is as expected, for half a minute: then it is whatever it is.
eventually() { # WHAT EXPECTED COMMAND ARG...
  local answer tries
  for ((tries = 0; tries < 300; tries++)); do
    answer=$("${@:3}" 2>&1)
    [[ $answer == "$2" ]] && break
    sleep 0.1
  done
  is "$1" "$2" "$answer"
}

# What the daemon has written that should not be, with its first lines of stack; that it was kept waiting is the machine's
# doing.
complaints() {
  grep -E -A 20 ' (ERROR|WARN) ' "$dir/daemon.log" | grep -v 'has been blocked for'
}
