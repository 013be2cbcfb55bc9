# Sourced by deploy/benchmark: what is measured, and how. Samples are in files, one for each group and who it is about,
# in microseconds, or as operations a second.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # what deploy/benchmark and the files beside this one share

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

spec() { # NAME USER-NAMESPACE ARGUMENT...; without a name the daemon chooses one
  jq -cn --arg name "$1" --arg user "$2" --arg root "$ROOT_DIRECTORY" --argjson namespaces "{$NAMESPACES}" '{
    name: (if $name == "" then null else $name end), namespaces: ($namespaces + {user: $user}),
    root: {path: $root, readonly: true}, process: {args: $ARGS.positional}}' \
    --args "${@:3}"
}

# Of the processes on standard input, in KiB.
median_pss() {
  local pid
  while read -r pid; do awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"; done |
    sort -n | awk '{ pss[NR] = $1 } END { print pss[int((NR + 1) / 2)] }'
}

# Seconds from the start of a process to its first answer. What is asked for takes all of the daemon.
time_start() { # SAMPLE PATH
  started=$EPOCHREALTIME
  launch_daemon "$work"
  time_answer "$@"
}

time_answer() { # SAMPLE PATH
  timeout 300 "$BENCHMARK" await "$SOCKET" GET "/v1/$2" '' >/dev/null ||
    { cat "$work/daemon.log" >&2 && die 'the daemon does not answer; above is what it said'; }
  awk -v before="$started" -v after="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", after - before }' >>"$work/samples/$1.sandboxd"
}

daemon_rss() { awk '/^VmRSS:/ { print $2 }' "/proc/$DAEMON/status"; } # in KiB

# As it is packaged, and without the archive of its classes, in turn; the daemon that stays is the first.
measure_start() {
  local i packaged=$APP plain=$work/plain
  mkdir "$plain"
  ln -s "$APP"/* "$plain"
  for ((i = 0; i < starts; i++)); do
    rm -f -- "$plain"/sandboxd.{jsa,aot}
    APP=$plain time_start start-plain sandboxes
    stop_daemon
    APP=$packaged time_start start sandboxes
    ((i == starts - 1)) || stop_daemon
  done
  sleep 15 # after which an idle daemon has given back what its start had taken
  figure 'rss idle' "$(daemon_rss)"
}

# What the build has written goes to the disk, and whatever it has kept busy comes to rest; for a minute at most.
settle() {
  local tries before idle
  sync
  for ((tries = 0; tries < 60; tries++)); do
    before=$(idle_ticks)
    sleep 1
    idle=$(($(idle_ticks) - before))
    ((idle < $(nproc) * $(getconf CLK_TCK) * 9 / 10)) || return 0
  done
}

idle_ticks() { awk '/^cpu / { print $5 }' /proc/stat; } # of all processors (proc_stat(5))

# Compiled code is what clients of a resident daemon meet, so it is brought to that first: Java compiles what was called
# some hundred times.
prepare_sandboxd() {
  api 'sandboxes?start=true' -o /dev/null --json "$(spec running host /bin/sleep 1000000)"
  floor_groups
  find_work exec sandboxd && "$BENCHMARK" --count "$warm" "${WORK[@]}" >/dev/null
  find_work cycle requests && "$BENCHMARK" --count "$((warm / 4))" "${WORK[@]}" >/dev/null
  find_work cycle sandboxd && "$BENCHMARK" --count "$((warm / 4))" "${WORK[@]}" >/dev/null
}

# The cgroups and limits of a sandbox as the daemon makes them here, for the floor to make the same.
floor_groups() {
  mapfile -t FLOOR_GROUPS < <(api 'sandboxes?dryRun=true' --json "$(spec floor host /bin/true)" | jq -r '.steps[]
    | select(.phase == "cgroup" and (.step == "make cgroup" or (.step | startswith("set "))))
    | (.path | sub("/ID(?<file>/|$)"; "/floor-%\(.file)")) +
      if .step == "make cgroup" then "" else "=" + (.call | capture("\"(?<text>.*)\"").text) end')
  ((${#FLOOR_GROUPS[@]})) || die 'the daemon does not say which cgroups it makes'
}

# What is done as one request by sandboxd is done as three by "requests", which is sandboxd, too.
# Sets WORK to what the measuring program is to do, and VIEW to a command that it is to be started by, if any.
find_work() { # exec|cycle|cycle-user WHO, or create|event|list sandboxd
  local users=host user=nouser
  VIEW=()
  [[ $1 != cycle-user ]] || users=new user=user
  case $2:$1 in
    floor:exec) WORK=(spawn "$ROOT_DIRECTORY/bin/true") ;;
    floor:*) WORK=(cycle "$user" "$ROOT_DIRECTORY" /bin/true "${FLOOR_GROUPS[@]}") ;;
    sandboxd:exec) WORK=(http "$SOCKET" POST /v1/sandboxes/running/exec '{"args": ["/bin/true"], "wait": true}') ;;
    sandboxd:event) WORK=(event "$SOCKET" POST /v1/sandboxes/running/exec '{"args": ["/bin/true"]}') ;;
    sandboxd:list) WORK=(http "$SOCKET" GET /v1/sandboxes '') ;;
    sandboxd:create)
      WORK=(http "$SOCKET" POST '/v1/sandboxes?start=true' "$(spec idle% "$users" /bin/sleep 1000000)")
      ;;
    sandboxd:*) WORK=(http "$SOCKET" POST /v1/run "$(spec '' "$users" /bin/true)") ;;
    requests:exec) return 1 ;;
    requests:*)
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
    for who in floor sandboxd requests "${present[@]}"; do
      find_work "$group" "$who" || continue
      if "${VIEW[@]}" "$BENCHMARK" "${WORK[@]}" >/dev/null 2>"$work/said"; then
        TAKES_PART[$group]+=" $who"
      elif [[ $who == floor || $who == sandboxd || $who == requests ]]; then
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

# In turn and a few at a time, so that whatever else the machine does falls on all alike; and not always in the same order:
# each leaves the kernel namespaces to take down, which it does while the next one is measured.
measure_latency() {
  local round group who
  for ((round = 1; round <= rounds; round++)); do
    printf '\r%d ' "$round"
    for group in exec cycle cycle-user; do
      # shellcheck disable=SC2086 # names without spaces
      for who in $(shuf -e ${TAKES_PART[$group]}); do
        find_work "$group" "$who"
        case $who in
          floor | sandboxd | requests) sample "$group.$who" --warm 2 --count 10 ;;
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

# In the one sandbox and beside more and more others, the floor in between: what counts is the ratio.
measure_growth() {
  local size there=1 round who group
  for size in $(printf '%s\n' 1 100 200 500 1000 2000 "$sandboxes" | sort -nu); do
    ((size <= sandboxes)) || break
    printf '\r%d ' "$size"
    fill "$there" "$size" >/dev/null
    there=$size
    figure "rss at $size" "$(daemon_rss)"
    for ((round = 1; round <= 5; round++)); do
      for group in exec cycle; do
        for who in floor sandboxd; do
          find_work "$group" "$who"
          sample "$group@$size.$who" --warm 2 --count 10
        done
      done
      find_work event sandboxd && sample "event@$size.sandboxd" --warm 2 --count 10
      find_work list sandboxd && sample "list@$size.sandboxd" --warm 1 --count 3
      fill "$size" "$((size + 5))" >>"$work/samples/create@$size.sandboxd"
      empty "$((size + 5))" "$size" >/dev/null
    done
  done
  echo
  figure sandboxes "$there"
  figure 'pss of init' "$(api sandboxes | jq '.sandboxes[].pid' | median_pss)"
}

# The number of sandboxes, with the one that is always there. Prints how long each took.
fill() { # FROM TO
  (($2 > $1)) || return 0
  find_work create sandboxd
  "$BENCHMARK" --from "$1" --count "$(($2 - $1))" "${WORK[@]}"
}

empty() { # FROM TO
  (($1 > $2)) || return 0
  "$BENCHMARK" --from "$2" --count "$(($1 - $2))" http "$SOCKET" DELETE '/v1/sandboxes/idle%?force=true' ''
}

# Of all that there are, then of as many as the target names: until one is answered for, and until all are listed.
measure_recovery() {
  local size there=$sandboxes i
  for size in $(printf '%s\n' "$sandboxes" 1000 | sort -nru); do
    ((size <= sandboxes)) || continue
    empty "$there" "$size" >>"$work/samples/delete.sandboxd"
    there=$size
    for ((i = 0; i < repeats; i++)); do
      stop_daemon
      time_start "recovery@$size" sandboxes/running
      time_answer "recovery-list@$size" sandboxes
      (($(api sandboxes | jq '.sandboxes | length') == there)) || die 'not all sandboxes are there after a restart'
    done
  done
}

# All in one go: one by one, hundreds take long.
delete_sandboxes() {
  api sandboxes | jq -r '.sandboxes[] | "url = \"http://d/v1/sandboxes/\(.name)?force=true\""' |
    curl -sS --unix-socket "$SOCKET" -X DELETE -K - >/dev/null
}

# In a process of its own, compiled as the daemon is. With the class path of the tests, which the build has made.
measure_computation() {
  local options=(-f 1 -w 1 -r 1 -wi "$repeats" -i "$repeats" -foe true -rf csv -rff "$work/jmh.csv" -v SILENT)
  (cd "$ROOT" && mvn -q -B -ntp -Dstyle.color=never exec:exec -Dexec.executable=java -Dexec.classpathScope=test \
    -Dexec.args="-cp %classpath -Djava.io.tmpdir=$work/tmp -XX:+UseSerialGC -XX:TieredStopAtLevel=1 org.openjdk.jmh.Main \
      ${options[*]}" </dev/null)
  awk -F '[",]+' -v OFS='\t' 'NR > 1 { sub(/.*\./, "", $2); print $2, $6 }' "$work/jmh.csv" >"$work/computed"
}
