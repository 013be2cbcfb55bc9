# Sourced by deploy/benchmark: what is measured, and how. Samples are in files, one for each group and who it is about,
# in microseconds, or as operations a second.
# shellcheck shell=bash

CLIENTS=(1 4 16)
NAMESPACES='"pid": "new", "mount": "new", "network": "new", "ipc": "new", "uts": "new", "cgroup": "new", "time": "host"'

api() { # PATH [CURL ARGUMENT...]
  curl -sS --fail-with-body --unix-socket "$SOCKET" "http://localhost/v1/$1" "${@:2}"
}

# A number for later: what it is, how much, and its unit.
figure() { # NAME VALUE
  printf '%s\t%s\n' "$1" "$2" >>"$work/figures"
}

figure_of() { # NAME
  awk -F '\t' -v name="$1" '$1 == name { value = $2 } END { print value }' "$work/figures"
}

spec() { # NAME USER-NAMESPACE ARGUMENT...
  jq -cn --arg name "$1" --arg user "$2" --arg root "$ROOT_DIRECTORY" --argjson namespaces "{$NAMESPACES}" '{name: $name,
    namespaces: ($namespaces + {user: $user}), root: {path: $root, readonly: true}, process: {args: $ARGS.positional}}' \
    --args "${@:3}"
}

# Seconds from the start of a process to its first answer. What is asked for takes all of the daemon.
time_start() {
  local before=$EPOCHREALTIME
  launch_daemon "$work"
  timeout 300 "$BENCHMARK" await "$SOCKET" GET /v1/sandboxes '' >/dev/null ||
    { cat "$work/daemon.log" >&2 && die 'the daemon does not answer; above is what it said'; }
  awk -v before="$before" -v after="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", after - before }' >>"$work/samples/$1.sandboxd"
}

daemon_rss() { awk '/^VmRSS:/ { print $2 }' "/proc/$DAEMON/status"; } # in KiB

measure_start() {
  local i
  for ((i = 0; i < 5; i++)); do
    stop_daemon
    time_start start
  done
  sleep 15 # after which an idle daemon has given back what its start had taken
  figure 'rss idle' "$(daemon_rss)"
}

# Compiled code is what clients of a resident daemon meet, so it is brought to that first.
prepare_sandboxd() {
  api 'sandboxes?start=true' -o /dev/null --json "$(spec running host /bin/sleep 1000000)"
  floor_groups
  find_work exec sandboxd && "$BENCHMARK" --count "$warm" "${WORK[@]}" >/dev/null
  find_work cycle sandboxd && "$BENCHMARK" --count "$((warm / 10))" "${WORK[@]}" >/dev/null
}

# The cgroups and limits of a sandbox as the daemon makes them here, for the floor to make the same.
floor_groups() {
  mapfile -t FLOOR_GROUPS < <(api 'sandboxes?dryRun=true' --json "$(spec floor host /bin/true)" | jq -r '.steps[]
    | select(.phase == "cgroup" and (.step == "make cgroup" or (.step | startswith("set "))))
    | (.path | sub("/ID(?<file>/|$)"; "/floor-%\(.file)")) +
      if .step == "make cgroup" then "" else "=" + (.call | capture("\"(?<text>.*)\"").text) end')
  ((${#FLOOR_GROUPS[@]})) || die 'the daemon does not say which cgroups it makes'
}

# Sets WORK to what the measuring program is to do, and VIEW to a command that it is to be started by, if any.
find_work() { # exec|cycle|cycle-user WHO
  local users=host user=nouser
  VIEW=()
  [[ $1 != cycle-user ]] || users=new user=user
  case $2:$1 in
    floor:exec) WORK=(spawn "$ROOT_DIRECTORY/bin/true") ;;
    floor:*) WORK=(cycle "$user" "$ROOT_DIRECTORY" /bin/true "${FLOOR_GROUPS[@]}") ;;
    sandboxd:exec) WORK=(http "$SOCKET" POST /v1/sandboxes/running/exec '{"args": ["/bin/true"], "wait": true}') ;;
    sandboxd:*)
      WORK=(http "$SOCKET" POST '/v1/sandboxes?start=true' "$(spec cycle% "$users" /bin/true)"
        GET /v1/sandboxes/cycle%/wait '' DELETE /v1/sandboxes/cycle% '')
      ;;
    *) peer_work "$1" "$2" ;;
  esac
}

# Who takes part in what: those with whom it works once.
find_works() {
  local group who
  declare -gA TAKES_PART=()
  for group in exec cycle cycle-user; do
    TAKES_PART[$group]=''
    for who in floor sandboxd "${present[@]}"; do
      find_work "$group" "$who" || continue
      if "${VIEW[@]}" "$BENCHMARK" "${WORK[@]}" >/dev/null 2>"$work/said"; then
        TAKES_PART[$group]+=" $who"
      elif [[ $who == floor || $who == sandboxd ]]; then
        die "$who: $group: $(cat "$work/said")"
      else
        echo "$who: no $group here: $(tail -n 1 "$work/said")"
      fi
    done
  done
}

sample() { # FILE OPTION...; what WORK says
  "${VIEW[@]}" "$BENCHMARK" "${@:2}" "${WORK[@]}" >>"$work/samples/$1"
}

# In turn and a few at a time, so that whatever else the machine does falls on all alike.
measure_latency() {
  local round group who
  for ((round = 1; round <= rounds; round++)); do
    printf '\r%d ' "$round"
    for group in exec cycle cycle-user; do
      for who in ${TAKES_PART[$group]}; do
        find_work "$group" "$who"
        case $who in
          floor | sandboxd) sample "$group.$who" --warm 2 --count 10 ;;
          *) sample "$group.$who" --count 3 ;;
        esac
      done
    done
  done
  echo
}

measure_throughput() {
  local round group who clients
  for ((round = 1; round <= repeats; round++)); do
    for clients in "${CLIENTS[@]}"; do
      printf '\r%d: %d clients ' "$round" "$clients"
      for group in exec cycle; do
        for who in ${TAKES_PART[$group]}; do
          find_work "$group" "$who"
          sample "$group-$clients.$who" --warm 1 --clients "$clients" --seconds "$seconds"
        done
      done
    done
  done
  echo
}

# Execs in the one sandbox and full cycles beside more and more others, the floor in between: what counts is the ratio.
measure_growth() {
  local size there=1 round who group
  for size in $(printf '%s\n' 1 100 200 500 1000 2000 "$sandboxes" | sort -nu); do
    ((size <= sandboxes)) || break
    printf '\r%d ' "$size"
    fill "$there" "$size"
    there=$size
    figure "rss at $size" "$(daemon_rss)"
    for ((round = 1; round <= 5; round++)); do
      for group in exec cycle; do
        for who in floor sandboxd; do
          find_work "$group" "$who"
          sample "$group@$size.$who" --warm 2 --count 10
        done
      done
      VIEW=() WORK=(http "$SOCKET" GET /v1/sandboxes '')
      sample "list@$size.sandboxd" --warm 1 --count 3
    done
  done
  echo
  figure sandboxes "$there"
  figure 'pss of init' "$(init_pss)"
  measure_recovery
}

fill() { # FROM TO
  (($2 > $1)) || return 0
  "$BENCHMARK" --from "$1" --count "$(($2 - $1))" http "$SOCKET" POST '/v1/sandboxes?start=true' \
    "$(spec idle% host /bin/sleep 1000000)" >>"$work/samples/fill.sandboxd"
}

# Of all sandboxes' inits, in KiB: the median.
init_pss() {
  local pid
  for pid in $(api sandboxes | jq '.sandboxes[].pid'); do
    awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"
  done | sort -n | awk '{ pss[NR] = $1 } END { print pss[int((NR + 1) / 2)] }'
}

measure_recovery() {
  stop_daemon
  time_start recovery
  (($(api sandboxes | jq '.sandboxes | length') == there)) || die 'not all sandboxes are there after a restart'
}

# All in one go: one by one, hundreds take long.
delete_sandboxes() {
  api sandboxes | jq -r '.sandboxes[] | "url = \"http://d/v1/sandboxes/\(.name)?force=true\""' |
    curl -sS --unix-socket "$SOCKET" -X DELETE -K - >/dev/null
}
