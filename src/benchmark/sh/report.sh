# Sourced by deploy/benchmark: from samples to tables, targets, JSON and a drawing.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # what deploy/benchmark and the files beside this one share

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
  local size group
  printf '%-10s' 'sandboxes'
  printf ' %8s %7s' 'exec, ms' '× floor' 'event' '× floor' 'cycle' '× floor' 'create' '× floor' && printf ' %9s %12s\n' 'list, ms' 'daemon, MiB'
  for size in $(sizes); do
    printf '%-10s' "$size"
    for group in exec event cycle create; do
      printf ' %8.2f %7s' "$(ratio "$(median "$group@$size" sandboxd)" 1000)" "$(beside "$size" "$group")"
    done
    printf ' %9.2f %12.1f\n' "$(ratio "$(median "list@$size" sandboxd)" 1000)" "$(ratio "$(figure_of "rss at $size")" 1024)"
  done
}

# What it takes beside so many sandboxes, as a ratio to the floor in the same rounds: that of an exec, or of a cycle.
beside() { # SIZE exec|event|cycle|create
  local floor=cycle
  [[ $2 != e* ]] || floor='exec'
  ratio "$(median "$2@$1" sandboxd)" "$(median "$floor@$1" floor)"
}

sizes() { sed -n 's/^rss at \([0-9]*\)\t.*/\1/p' "$work/figures"; }

# How it grew from one sandbox to the most. Not as a ratio to the floor, which may grow too: see the table.
grown() { # exec|create
  local last
  last=$(sizes | tail -n 1)
  ((last == 1)) || ratio "$(median "$1@$last" sandboxd)" "$(median "$1@1" sandboxd)"
}

# What the list takes for each sandbox, with the most as a ratio to half of them or fewer.
grown_list() {
  local last half
  last=$(sizes | tail -n 1)
  half=$(sizes | awk -v last="$last" '$1 > 1 && $1 <= last / 2' | tail -n 1)
  [[ ! $half ]] || awk -v a="$(median "list@$last" sandboxd)" -v b="$(median "list@$half" sandboxd)" \
    -v last="$last" -v half="$half" 'BEGIN { printf "%.2f\n", (a / last) / (b / half) }'
}

growth_of_rss() { # in KiB for each sandbox
  local last
  last=$(sizes | tail -n 1)
  ((last == 1)) || ratio "$(($(figure_of "rss at $last") - $(figure_of 'rss at 1')))" "$((last - 1))"
}

computed_table() {
  printf '%-34s %10s\n' 'computed, by JMH: microseconds' average
  awk -F '\t' '{ printf "%-34s %10.1f\n", $1, $2 }' "$work/computed"
}

report() {
  sum_up
  targets >"$work/targets"
  heading 'Results'
  column_free <"$work/machine"
  printf '\n' && times_table
  printf '\n' && throughput_table
  printf '\n' && growth_table
  [[ -z $jmh ]] || { printf '\n' && computed_table; }
  printf '\n' && targets_table
}

column_free() { awk -F '\t' '{ printf "%-14s %s\n", $1, $2 }'; }

write_json() {
  jq -n --rawfile machine "$work/machine" --rawfile summary "$work/summary" --rawfile figures "$work/figures" \
    --rawfile targets "$work/targets" --rawfile computed <([[ -z $jmh ]] || cat "$work/computed") '
    def rows(text): text | split("\n") | map(select(. != "") | split("\t"));
    def pairs(text): rows(text) | map({key: .[0], value: .[1]}) | from_entries;
    {machine: pairs($machine),
     measured: [rows($summary)[] | {what: .[0], who: .[1]} + (.[2:] | map(tonumber) | {count: .[0], median: .[1], p95: .[2]})],
     figures: (pairs($figures) | map_values(tonumber)),
     computed: (pairs($computed) | map_values(tonumber)),
     targets: [rows($targets)[]
       | {target: .[0] | tonumber, what: .[1], value: (.[2] | tonumber? // null), how: .[3], bound: (.[4] | tonumber), met: .[5]}]}'
}

write_svg() {
  awk -F '\t' -v machine="$(awk -F '\t' '{ printf "%s%s", (NR > 1 ? ", " : ""), $2 }' "$work/machine")" \
    -f "$ROOT/src/benchmark/sh/chart.awk" "$work/summary"
}
