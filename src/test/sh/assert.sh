# Sourced by the tests here: says what was checked in TAP, and counts.
# shellcheck shell=bash

PASSED=0
FAILED=0
SKIPPED=0

ok() { # WHAT
  ((++PASSED))
  printf 'ok %d - %s\n' $((PASSED + FAILED + SKIPPED)) "$1"
}

not_ok() { # WHAT EXPLANATION...
  local line
  ((++FAILED))
  printf 'not ok %d - %s\n' $((PASSED + FAILED + SKIPPED)) "$1"
  shift
  for line; do printf '%s\n' "$line" | sed 's/^/#   /'; done
}

skip() { # WHAT WHY
  ((++SKIPPED))
  printf 'ok %d - %s # SKIP %s\n' $((PASSED + FAILED + SKIPPED)) "$1" "$2"
}

is() { # WHAT EXPECTED ACTUAL
  if [[ $3 == "$2" ]]; then ok "$1"; else not_ok "$1" "expected: $2" "actual:   $3"; fi
}

# Against a glob.
like() { # WHAT PATTERN ACTUAL
  # shellcheck disable=SC2053 # a pattern it is
  if [[ $3 == $2 ]]; then ok "$1"; else not_ok "$1" "expected: $2" "actual:   $3"; fi
}

unlike() { # WHAT PATTERN ACTUAL
  # shellcheck disable=SC2053
  if [[ $3 != $2 ]]; then ok "$1"; else not_ok "$1" "not expected: $2" "actual: $3"; fi
}

# Runs a command and leaves what it did in OUT, ERR and CODE.
# shellcheck disable=SC2034 # they are for the one who sources this
try() { # COMMAND ARG...
  local err
  err=$(mktemp)
  OUT=$("$@" 2>"$err")
  CODE=$?
  ERR=$(<"$err")
  rm -f "$err"
}

done_testing() {
  printf '1..%d\n' $((PASSED + FAILED + SKIPPED))
  ((FAILED == 0))
}
