# Sourced by deploy/benchmark: what others do, each with the same root directory, namespaces and limits.
# shellcheck shell=bash

PEERS=(crun runc bwrap podman)

# What Debian calls the package.
peer_package() { # PEER
  case $1 in
    bwrap) echo bubblewrap ;;
    *) echo "$1" ;;
  esac
}

# Where runc and crun keep what they know, and what they are told to run.
prepare_peer() { # PEER
  local users
  case $1 in
    crun | runc)
      for users in host new; do make_bundle "$1" "$users" /bin/true; done
      make_bundle "$1" host /bin/sleep 1000000
      oci "$1" run --detach --bundle "$work/$1/sleep.host" "$prefix-$1-running" </dev/null >"$work/$1/log" 2>&1 ||
        warn "$1 runs nothing here: $(tail -n 1 "$work/$1/log")"
      ;;
    podman) start_podman ;;
  esac
}

# A cgroup is called what its container is called, so that all of them begin alike: clean_up finds them by that.
oci() { # PEER ARGUMENT...
  local options=(--root "$work/$1/state")
  [[ $1 != crun ]] || options+=(--cgroup-manager=cgroupfs)
  find_view "$1"
  "${VIEW[@]}" "$1" "${options[@]}" "${@:2}"
}

# Sets VIEW. Where v1 and v2 share the controllers, crun refuses to work; with v2 out of its sight, and only of its own, it
# takes v1 alone.
find_view() { # PEER
  local unified
  VIEW=()
  unified=$(awk '$3 == "cgroup2" && $2 != "/sys/fs/cgroup" { print $2; exit }' /proc/mounts)
  [[ $1 == crun && $unified && $(<"$unified/cgroup.controllers") ]] || return 0
  # shellcheck disable=SC2016 # for the shell inside
  VIEW=(unshare --mount --propagation private sh -c 'umount "$0" && exec "$@"' "$unified")
}

# From the runtime's own idea of a container: with a cgroup namespace, without the mount of cgroups, which the others do
# not have either, and with the limits that a sandbox has.
make_bundle() { # PEER USER-NAMESPACE ARGUMENT...
  local bundle=$work/$1/${3##*/}.$2 filter
  mkdir -p "$bundle"
  (cd "$bundle" && "$1" spec)
  # shellcheck disable=SC2016 # variables of jq
  filter='.process.terminal = false | .process.args = $ARGS.positional | .root = {path: $root, readonly: true}
    | .mounts |= map(select(.type != "cgroup")) | .hostname = "peer"
    | .linux.namespaces |= (map(select(.type != "cgroup" and .type != "user")) + [{type: "cgroup"}])
    | .linux.resources += {memory: {limit: 67108864}, pids: {limit: 2048}}
    | if $users == "new" then .linux.namespaces += [{type: "user"}]
        | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
        | .linux.gidMappings = .linux.uidMappings else . end'
  jq --arg root "$ROOT_DIRECTORY" --arg users "$2" "$filter" --args "${@:3}" \
    <"$bundle/config.json" >"$bundle/new.json"
  mv "$bundle/new.json" "$bundle/config.json"
}

# With everything that it keeps in a place of our own: a podman that is in use here is not to notice.
start_podman() {
  local tries
  mkdir -p "$work/podman"
  printf '%s\n' '[engine]' 'lock_type = "file"' 'events_logger = "none"' >"$work/podman/containers.conf"
  find_view crun # which podman runs
  OUR_PODMAN=("${VIEW[@]}" env "CONTAINERS_CONF=$work/podman/containers.conf" podman --root "$work/podman/root"
    --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" --runtime-flag "root=$work/podman/crun"
    --cgroup-manager cgroupfs --storage-driver vfs)
  "${OUR_PODMAN[@]}" system service --time 0 "unix://$work/podman/socket" >"$work/podman/log" 2>&1 </dev/null &
  PODMAN=$!
  for ((tries = 0; tries < 100; tries++)); do
    curl -sf --unix-socket "$work/podman/socket" -o /dev/null http://d/_ping && return
    sleep 0.1
  done
  warn "podman does not serve here: $(tail -n 1 "$work/podman/log")"
}

# Sets WORK to what the measuring program is to do, or fails if this peer has no such thing.
peer_work() { # exec|cycle|cycle-user PEER
  local users=host bwrap=(bwrap --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup)
  [[ $1 != cycle-user ]] || users=new
  find_view "$2"
  case $2:$1 in
    crun:exec) WORK=(spawn crun --root "$work/crun/state" exec "$prefix-crun-running" /bin/true) ;;
    runc:exec) WORK=(spawn runc --root "$work/runc/state" exec "$prefix-runc-running" /bin/true) ;;
    crun:*)
      WORK=(spawn crun --root "$work/crun/state" --cgroup-manager=cgroupfs run --bundle "$work/crun/true.$users"
        "$prefix-crun-%")
      ;;
    runc:*) WORK=(spawn runc --root "$work/runc/state" run --bundle "$work/runc/true.$users" "$prefix-runc-%") ;;
    bwrap:exec) return 1 ;;
    bwrap:*)
      [[ $users == host ]] || bwrap+=(--unshare-user --uid 0 --gid 0)
      WORK=(spawn "${bwrap[@]}" --ro-bind "$ROOT_DIRECTORY" / --proc /proc --dev /dev /bin/true)
      ;;
    podman:cycle)
      WORK=(http "$work/podman/socket" POST /v4.0.0/libpod/containers/create "$(podman_spec)"
        POST /v4.0.0/libpod/containers/peer%/start '' POST /v4.0.0/libpod/containers/peer%/wait ''
        DELETE /v4.0.0/libpod/containers/peer% '')
      ;;
    *) return 1 ;;
  esac
}

# With limits that any host can give: podman's own are higher than some let a container's root have.
podman_spec() {
  jq -cn --arg root "$ROOT_DIRECTORY" --arg parent "/$prefix-podman" '{name: "peer%", rootfs: $root, command: ["/bin/true"],
    netns: {nsmode: "none"}, cgroup_parent: $parent, r_limits: [("nofile", "nproc") | {type: ., soft: 1024, hard: 1024}]}'
}

remove_peers() {
  local peer container
  for peer in crun runc; do
    [[ -d $work/$peer/state ]] || continue
    for container in "$work/$peer/state"/*/; do
      [[ ! -d $container ]] || oci "$peer" delete --force "$(basename "$container")" >/dev/null 2>&1
    done
  done
  [[ ${PODMAN-} ]] || return 0
  "${OUR_PODMAN[@]}" rm -af >/dev/null 2>&1
  kill "$PODMAN" && wait "$PODMAN" 2>/dev/null
  rmdir /run/crun 2>/dev/null # which crun makes to tell podman its version; if anybody uses it, it stays
}
