# Sourced by deploy/benchmark: what was promised, and what came of it. Numbered as the promises are.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # what deploy/benchmark and the files beside this one share

# One line. Nothing at all about what could not be measured is said to be met.
target() { # NUMBER WHAT VALUE most|least|under|over BOUND
  local met=no
  if [[ -z $3 ]]; then
    met='not measured'
  elif awk -v value="$3" -v how="$4" -v bound="$5" 'BEGIN {
      exit !(how == "most" ? value <= bound : how == "least" ? value >= bound : how == "under" ? value < bound : value > bound) }'; then
    met=yes
  fi
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$met"
}

faster_than() { # PEER GROUP
  ratio "$(median "$2" "$1")" "$(median "$2" sandboxd)"
}

targets() {
  local group clients last
  last=$(figure_of sandboxes)
  target 1 'exec: × fork, exec and wait' "$(times_floor exec)" most 3
  target 1 'exec: faster than crun exec, ×' "$(faster_than crun exec)" least 10
  for group in cycle cycle-user; do
    target 2 "$(title "$group"): × the bare system calls" "$(times_floor "$group")" most 2
    target 2 "$(title "$group"): faster than crun run, ×" "$(faster_than crun "$group")" least 3
  done
  target 2 'full cycle: faster than podman, ×' "$(faster_than podman cycle)" least 20
  for clients in "${CLIENTS[@]}"; do
    target 3 "cycles a second, clients: $clients, of the floor's" "$(times_floor "cycle-$clients")" least 0.8
  done
  target 3 "execs a second, clients: ${CLIENTS[-1]}" "$(median "exec-${CLIENTS[-1]}" sandboxd)" over 1500
  target 4 'init of an idle sandbox: PSS, KiB' "$(figure_of 'pss of init')" under 150
  target 4 "init: part of a containerd shim's PSS" \
    "$(ratio "$(figure_of 'pss of init')" "$(figure_of 'pss of containerd shim')")" under 0.1
  target 4 'daemon, idle: RSS, MiB' "$(ratio "$(figure_of 'rss idle')" 1024)" under 120
  target 4 'daemon: RSS for each sandbox, KiB' "$(growth_of_rss)" under 20
  target 4 'sandboxes at the same time' "$last" least 2000
  target 5 'start to the first answer, s' "$(median start-plain sandboxd)" under 1
  target 5 '  from the archive of classes, s' "$(median start sandboxd)" under 0.5
  target 5 'recovery of 1000 sandboxes, s' "$(median recovery@1000 sandboxd)" under 2
  for group in exec create; do
    target 6 "$group beside $last sandboxes, × beside one" "$(grown "$group")" most 1.2
  done
  target 6 "list: for each of $last, × for each of fewer" "$(grown_list)" most 1.2
}

targets_table() {
  local line field fields
  printf '%-50s %10s   %-14s %s\n' target measured wanted met
  while IFS= read -r line; do
    # Not by IFS: of two tabs in a row it makes one.
    fields=()
    while field=${line%%$'\t'*} && fields+=("$field") && [[ $line == *$'\t'* ]]; do line=${line#*$'\t'}; done
    printf '%s. %-47s %10s   %-14s %s\n' "${fields[0]}" "${fields[1]}" "${fields[2]:--}" "${fields[3]} ${fields[4]}" "${fields[5]}"
  done <"$work/targets"
}
