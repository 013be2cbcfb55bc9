# Sourced by deploy/benchmark: from samples to tables, targets, JSON and a drawing.
# shellcheck shell=bash

describe_machine() {
  printf 'kernel\t%s\n' "$(uname -sr) $(uname -m)"
  printf 'processors\t%s × %s\n' "$(nproc)" "$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)"
  printf 'memory\t%s MiB\n' "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"
  printf 'cgroups\t%s\n' "$(cgroup_mode)"
  printf 'Java\t%s\n' "$(java -version 2>&1 | grep -v '^NOTE' | sed -n 2p)"
  printf 'load before\t%s\n' "$load"
  printf 'date\t%s\n' "$(date -u +%F)"
}

cgroup_mode() {
  case $(stat -f -c %T /sys/fs/cgroup) in
    cgroup2fs) echo 'v2' ;;
    *) grep -q ' cgroup2 ' /proc/mounts && echo 'v1 and v2 (hybrid)' || echo 'v1' ;;
  esac
}

# Of each group and who: number, median, 95th percentile.
sum_up() {
  local file name
  for file in "$work/samples"/*; do
    name=${file##*/}
    sort -n "$file" | awk -v group="${name%.*}" -v who="${name##*.}" '{ value[NR] = $1 } END {
      if (NR) printf "%s\t%s\t%d\t%s\t%s\n", group, who, NR, value[int((NR + 1) / 2)], value[int(NR * 0.95 + 0.999)] }'
  done >"$work/summary"
}

summary_of() { # GROUP WHO
  awk -F '\t' -v OFS='\t' -v group="$1" -v who="$2" '$1 == group && $2 == who { print $3, $4, $5 }' "$work/summary"
}

median() { # GROUP WHO
  summary_of "$@" | cut -f 2
}

times_floor() { # GROUP
  ratio "$(median "$1" sandboxd)" "$(median "$1" floor)"
}

# Nothing, if one of the two was not measured.
ratio() { # A B
  [[ ${1-} && ${2-} ]] || return 0
  awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f\n", a / b }'
}

times_table() {
  local group who count median p95
  printf '%-34s %10s %10s %9s %12s\n' 'milliseconds' median p95 '× floor' '× sandboxd'
  for group in exec cycle cycle-user; do
    for who in ${TAKES_PART[$group]}; do
      IFS=$'\t' read -r count median p95 < <(summary_of "$group" "$who")
      printf '%-34s %10.2f %10.2f %9s %12s\n' "$(title "$group"), $who ($count)" \
        "$(ratio "$median" 1000)" "$(ratio "$p95" 1000)" \
        "$(ratio "$median" "$(median "$group" floor)")" "$(ratio "$median" "$(median "$group" sandboxd)")"
    done
  done
}

title() { # GROUP
  case $1 in
    cycle) echo 'full cycle' ;;
    cycle-user) echo 'with user namespace' ;;
    *) echo "$1" ;;
  esac
}

throughput_table() {
  local group who clients
  # shellcheck disable=SC2153 # CLIENTS is where the samples are made
  printf '%-34s' 'a second, with clients'
  printf ' %10s' "${CLIENTS[@]}" && echo
  for group in exec cycle; do
    for who in ${TAKES_PART[$group]}; do
      printf '%-34s' "$(title "$group"), $who"
      for clients in "${CLIENTS[@]}"; do printf ' %10.0f' "$(median "$group-$clients" "$who")"; done
      echo
    done
  done
}

growth_table() {
  local size
  printf '%-14s %10s %9s %10s %9s %10s %14s\n' 'sandboxes' 'exec, ms' '× floor' 'cycle, ms' '× floor' 'list, ms' 'daemon, MiB'
  for size in $(sizes); do
    printf '%-14s %10.2f %9s %10.2f %9s %10.2f %14.1f\n' "$size" \
      "$(ratio "$(median "exec@$size" sandboxd)" 1000)" "$(times_floor "exec@$size")" \
      "$(ratio "$(median "cycle@$size" sandboxd)" 1000)" "$(times_floor "cycle@$size")" \
      "$(ratio "$(median "list@$size" sandboxd)" 1000)" "$(ratio "$(figure_of "rss at $size")" 1024)"
  done
}

sizes() { sed -n 's/^rss at \([0-9]*\)\t.*/\1/p' "$work/figures"; }

# One line: what was promised, what came of it. Nothing at all about what could not be measured is said to be met.
target() { # WHAT VALUE most|least BOUND
  local met=no
  if [[ -z $2 ]]; then
    met='not measured'
  elif awk -v value="$2" -v how="$3" -v bound="$4" 'BEGIN { exit !(how == "most" ? value <= bound : value >= bound) }'; then
    met=yes
  fi
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$met"
}

# How the ratio to the floor grew from one sandbox to the most.
grown() { # exec|cycle
  local last
  last=$(sizes | tail -n 1)
  ((last > 1)) || return 0
  ratio "$(times_floor "$1@$last")" "$(times_floor "$1@1")"
}

growth_of_rss() { # in KiB for each sandbox
  local at
  at=$(sizes | awk '$1 > 1 && $1 <= 200' | tail -n 1)
  [[ ! $at ]] || ratio "$(($(figure_of "rss at $at") - $(figure_of 'rss at 1')))" "$((at - 1))"
}

targets() {
  local group clients
  target 'exec: × fork, exec and wait' "$(times_floor exec)" most 3
  target 'exec: faster than crun exec, ×' "$(ratio "$(median exec crun)" "$(median exec sandboxd)")" least 10
  for group in cycle cycle-user; do
    target "$(title "$group"): × the bare system calls" "$(times_floor "$group")" most 2
    target "$(title "$group"): faster than crun run, ×" \
      "$(ratio "$(median "$group" crun)" "$(median "$group" sandboxd)")" least 3
  done
  target 'full cycle: faster than podman, ×' "$(ratio "$(median cycle podman)" "$(median cycle sandboxd)")" least 20
  for clients in "${CLIENTS[@]}"; do
    target "cycles a second, $clients clients: of the floor's" "$(times_floor "cycle-$clients")" least 0.8
  done
  target 'execs a second, 16 clients' "$(median exec-16 sandboxd)" least 1500
  target 'init of an idle sandbox: PSS, KiB' "$(figure_of 'pss of init')" most 150
  target 'daemon, idle: RSS, MiB' "$(ratio "$(figure_of 'rss idle')" 1024)" most 120
  target 'daemon: RSS for each sandbox, KiB' "$(growth_of_rss)" most 20
  target 'start to the first answer, s' "$(median start sandboxd)" most 1
  target "recovery of $(figure_of sandboxes) sandboxes, s" "$(median recovery sandboxd)" most 2
  target "exec beside $(figure_of sandboxes) sandboxes, × beside one" "$(grown exec)" most 1.2
  target "full cycle beside $(figure_of sandboxes) sandboxes, × beside one" "$(grown cycle)" most 1.2
}

targets_table() {
  local what value how bound met
  printf '%-52s %10s   %-14s %s\n' target measured wanted met
  while IFS= read -r line; do
    # Not by IFS: of two tabs in a row it makes one.
    what=${line%%$'\t'*} line=${line#*$'\t'} value=${line%%$'\t'*} line=${line#*$'\t'}
    how=${line%%$'\t'*} line=${line#*$'\t'} bound=${line%%$'\t'*} met=${line#*$'\t'}
    printf '%-52s %10s   %-14s %s\n' "$what" "${value:--}" "at $how $bound" "$met"
  done <"$work/targets"
}

report() {
  sum_up
  targets >"$work/targets"
  heading 'Results'
  column_free <"$work/machine"
  printf '\n' && times_table
  printf '\n' && throughput_table
  printf '\n' && growth_table
  printf '\n' && targets_table
}

column_free() { awk -F '\t' '{ printf "%-14s %s\n", $1, $2 }'; }

write_json() {
  jq -n --rawfile machine "$work/machine" --rawfile summary "$work/summary" --rawfile figures "$work/figures" \
    --rawfile targets "$work/targets" '
    def rows(text): text | split("\n") | map(select(. != "") | split("\t"));
    def pairs(text): rows(text) | map({key: .[0], value: .[1]}) | from_entries;
    {machine: pairs($machine),
     measured: [rows($summary)[] | {what: .[0], who: .[1]} + (.[2:] | map(tonumber) | {count: .[0], median: .[1], p95: .[2]})],
     figures: (pairs($figures) | map_values(tonumber)),
     targets: [rows($targets)[]
       | {what: .[0], value: (.[1] | tonumber? // null), at: .[2], bound: (.[3] | tonumber), met: .[4]}]}'
}

write_svg() {
  awk -F '\t' -v machine="$(awk -F '\t' '{ printf "%s%s", (NR > 1 ? ", " : ""), $2 }' "$work/machine")" \
    -f "$ROOT/src/benchmark/sh/chart.awk" "$work/summary"
}
