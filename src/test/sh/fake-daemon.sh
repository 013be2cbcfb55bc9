# Sourced by the tests here of what sandboxctl asks for given arguments: it gets a curl that only writes down what it was
# asked, and answers what it is told to.
# shellcheck shell=bash disable=SC2034 # they are for the one who sources this

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=src/test/sh/assert.sh
. "$here/assert.sh"
sandboxctl=$here/../../../deploy/sandboxctl
FAKE=$(mktemp -d)
export FAKE
trap 'rm -rf "$FAKE" "$FAKE.profile"' EXIT
export PATH=$here/fake:$here/fake/ssh-only:$PATH
unset SANDBOXD_HOST
export TERM=vt100

# The answers that the next call gets, a line each.
answers() {
  rm -rf "${FAKE:?}"/*
  (($#)) && printf '%s\n' "$@" >"$FAKE/answers"
  : >"$FAKE/stdout"
  : >"$FAKE/stderr"
}
requests() { [[ ! -f $FAKE/requests ]] || cat "$FAKE/requests"; }

created='201 {"id":"i1","name":"web","state":"created"}'
started='200 {"id":"i1","name":"web","state":"running"}'
exited() { printf '200 {"exit":{"code":%d,"reason":"%s"}}' "$1" "${2-exited}"; }

# ARGUMENTS... BODY: what create sends.
creates() {
  local body=${*: -1}
  answers "$created"
  try "$sandboxctl" create "${@:1:$#-1}"
  is "create ${*:1:$#-1}" "POST /v1/sandboxes $body" "$(requests)$ERR"
}
refuses() { # PATTERN ARGUMENT...
  answers
  try "$sandboxctl" "${@:2}"
  like "${*:2}: refused" "sandboxctl: $1" "$ERR"
  is "${*:2}: exit status" 125 "$CODE"
  is "${*:2}: nothing is asked of the daemon" '' "$(requests)"
}
