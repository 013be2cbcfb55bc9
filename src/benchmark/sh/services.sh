# Sourced by deploy/benchmark: peers that are services. Each is started here, with everything that it keeps in a place of
# our own: one that is in use on this machine is not to notice. In a session of its own, so that ^C leaves it to clean_up.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # what deploy/benchmark and the files beside this one share

# Each exec leaves a monitor behind that ends it for good later, by default after five minutes, which would be while others
# are measured: they are to wait until all is over.
start_podman() {
  mkdir -p "$work/podman"
  printf '%s\n' '[engine]' 'lock_type = "file"' 'events_logger = "none"' 'exit_command_delay = 86400' \
    >"$work/podman/containers.conf"
  find_view crun # which podman runs
  OUR_PODMAN=("${VIEW[@]}" env "CONTAINERS_CONF=$work/podman/containers.conf" podman --root "$work/podman/root"
    --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" --runtime-flag "root=$work/podman/crun"
    --cgroup-manager cgroupfs --storage-driver vfs)
  setsid "${OUR_PODMAN[@]}" system service --time 0 "unix://$work/podman/socket" >"$work/podman/log" 2>&1 </dev/null &
  PODMAN=$!
  VIEW=()
  await podman curl -sf --unix-socket "$work/podman/socket" -o /dev/null http://d/_ping || return 0
  WORK=(http "$work/podman/socket" POST /v4.0.0/libpod/containers/create "$(podman_spec peer-running /bin/sleep 1000000)"
    POST /v4.0.0/libpod/containers/peer-running/start '')
  "$BENCHMARK" "${WORK[@]}" >/dev/null 2>>"$work/podman/log" ||
    warn "podman runs nothing here: $(tail -n 1 "$work/podman/log")"
}

await() { # SERVICE COMMAND...
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    ! "${@:2}" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  warn "$1 does not serve here: $(tail -n 1 "$work/$1/log")"
  return 1
}

podman_work() { # exec|cycle
  local containers=/v4.0.0/libpod/containers execs=/v4.0.0/libpod/exec
  case $1 in
    exec)
      WORK=(http "$work/podman/socket"
        POST "$containers/peer-running/exec" '{"Cmd": ["/bin/true"], "AttachStdout": true, "AttachStderr": true}'
        POST "$execs/@/start" '{}' GET "$execs/@/json" '')
      ;;
    cycle)
      WORK=(http "$work/podman/socket" POST "$containers/create" "$(podman_spec peer% /bin/true)"
        POST "$containers/peer%/start" '' POST "$containers/peer%/wait" '' DELETE "$containers/peer%" '')
      ;;
    *) return 1 ;;
  esac
}

# With limits that any host can give: podman's own are higher than some let a container's root have.
podman_spec() { # NAME ARGUMENT...
  jq -cn --arg name "$1" --arg root "$ROOT_DIRECTORY" --arg parent "/$prefix-podman" '{name: $name, rootfs: $root,
    command: $ARGS.positional, netns: {nsmode: "none"}, cgroup_parent: $parent,
    r_limits: [("nofile", "nproc") | {type: ., soft: 1024, hard: 1024}]}' --args "${@:2}"
}

stop_podman() {
  [[ ${PODMAN-} ]] || return 0
  "${OUR_PODMAN[@]}" rm -af --time 0 >/dev/null 2>&1
  kill "$PODMAN" 2>/dev/null && wait "$PODMAN" 2>/dev/null
  processes_of "$work/podman/" | xargs -r kill -KILL 2>/dev/null
}

# With what it needs to run a bundle, as runc does: no images, no snapshots of them, no Kubernetes. Where its shims listen
# cannot be chosen.
start_containerd() {
  local users
  mkdir -p "$work/containerd"
  cat >"$work/containerd/config.toml" <<END
version = 2
root = "$work/containerd/root"
state = "$work/containerd/state"
required_plugins = ["io.containerd.runtime.v2.task"]
disabled_plugins = [$(printf '"io.containerd.%s", ' grpc.v1.cri internal.v1.opt snapshotter.v1.{aufs,btrfs,devmapper,zfs})]
[grpc]
address = "$work/containerd/socket"
[ttrpc]
address = "$work/containerd/socket.ttrpc"
END
  OUR_CTR=(ctr --address "$work/containerd/socket")
  CTR_RUN=("${OUR_CTR[@]}" run --runtime io.containerd.runc.v2 --runc-root "$work/containerd/runc" --null-io)
  setsid containerd --config "$work/containerd/config.toml" >"$work/containerd/log" 2>&1 </dev/null &
  CONTAINERD=$!
  await containerd "${OUR_CTR[@]}" version || return 0
  for users in host new; do make_bundle containerd "$users" /bin/true; done
  make_bundle containerd host /bin/sleep 1000000
  if ! run_in_containerd "$prefix-containerd-running" || ! measure_shims; then
    warn "containerd runs nothing here: $(tail -n 1 "$work/containerd/log")"
  fi
}

run_in_containerd() { # NAME
  "${CTR_RUN[@]}" --detach --config "$work/containerd/sleep.host/config.json" "$1" </dev/null >>"$work/containerd/log" 2>&1
}

# Of some idle ones, for they share what is the same in all; in KiB, the median.
measure_shims() {
  local number
  for number in {1..20}; do run_in_containerd "$prefix-containerd-idle$number" || return 1; done
  figure 'pss of containerd shim' "$(processes_of "$work/containerd/socket" | median_pss)"
  for number in {1..20}; do remove_from_containerd "$prefix-containerd-idle$number"; done
}

remove_from_containerd() { # NAME
  "${OUR_CTR[@]}" task rm --force "$1" >/dev/null 2>&1
  "${OUR_CTR[@]}" container rm "$1" >/dev/null 2>&1
}

containerd_work() { # exec|cycle|cycle-user USER-NAMESPACE
  case $1 in
    exec)
      WORK=(spawn "${OUR_CTR[@]}" task exec --exec-id 'exec%' --fifo-dir "$work/containerd/fifo"
        "$prefix-containerd-running" /bin/true)
      ;;
    *) WORK=(spawn "${CTR_RUN[@]}" --rm --config "$work/containerd/true.$2/config.json" "$prefix-containerd-%") ;;
  esac
}

stop_containerd() {
  local container
  [[ ${CONTAINERD-} ]] || return 0
  for container in $("${OUR_CTR[@]}" container ls -q 2>/dev/null); do remove_from_containerd "$container"; done
  kill "$CONTAINERD" 2>/dev/null && wait "$CONTAINERD" 2>/dev/null
  # If it had ended before, all of them are still there.
  remove_containers "$work/containerd/runc/default" runc --root "$work/containerd/runc/default"
  processes_of "$work/containerd/" | xargs -r kill -KILL 2>/dev/null
  awk '{ sub("^unix://", ""); print }' "$work/containerd/state"/*/*/*/address 2>/dev/null | xargs -r rm -f --
  rmdir /run/containerd/s /run/containerd 2>/dev/null # if anybody uses them, they stay
}
