# Sourced by deploy/benchmark: what others do, each with the same root directory, namespaces and limits.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # what deploy/benchmark and the files beside this one share

PEERS=(crun runc bwrap podman containerd)
SERVICES=' podman containerd ' # each takes part if it is asked for: what it starts is much

# What Debian calls the package.
peer_package() { # PEER
  case $1 in
    bwrap) echo bubblewrap ;;
    *) echo "$1" ;;
  esac
}

# Where runtimes keep what they know, and what they are told to run.
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
    containerd) start_containerd ;;
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
  local bundle=$work/$1/${3##*/}.$2 runtime=$1 filter
  [[ $1 != containerd ]] || runtime=runc
  mkdir -p "$bundle"
  (cd "$bundle" && "$runtime" spec)
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
    podman:*) podman_work "$1" ;;
    containerd:*) containerd_work "$1" "$users" ;;
    *) return 1 ;;
  esac
}

remove_peers() {
  remove_containers "$work/crun/state" oci crun
  remove_containers "$work/runc/state" oci runc
  stop_podman
  stop_containerd
  rmdir /run/crun 2>/dev/null # which crun makes to tell its version; if anybody uses it, it stays
}

remove_containers() { # STATE-DIRECTORY RUNTIME...
  local container
  for container in "$1"/*/; do
    [[ ! -d $container ]] || "${@:2}" delete --force "$(basename "$container")" >/dev/null 2>&1
  done
}

# What a service has started and nobody waits for: whatever was told of a place that is ours alone.
processes_of() { # PATH
  grep -lsaF -f <(printf '%s\n' "$1") /proc/[0-9]*/cmdline | grep -o '[0-9]*'
}
