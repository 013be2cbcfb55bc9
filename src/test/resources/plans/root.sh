#!/bin/sh -e
echo 0 > /proc/self/oom_score_adj
echo $$ > /sys/fs/cgroup/sandboxd/x/cgroup.procs
# It takes newuidmap(1) (Debian: uidmap), which wants these ids to be root's, in /etc/subuid and /etc/subgid.
unshare --mount --pid --net --ipc --uts --user --propagation=unchanged --map-users=100000,0,65536 --map-groups=100000,0,65536 --setuid=0 --setgid=0 --fork --cgroup sh -e <<'INSIDE'
hostname box
echo example > /proc/sys/kernel/domainname
ip link set lo up
mount --make-rprivate /
# With ids mapped, by the host (mount(8), X-mount.idmap):
mount --bind /srv/alpine /srv/alpine
cd /srv/alpine
# The daemon follows no symbolic link out of this root, these commands would.
# It has to have umount, env, setsid and setpriv in it.
root=$PWD
mkdir -p "$root"/proc
mount -t proc -o nosuid,nodev,noexec proc "$root"/proc
mount --rbind "$root"/proc/irq "$root"/proc/irq
mount -o remount,bind,ro,nosuid,nodev,noexec "$root"/proc/irq
mount --rbind "$root"/proc/sys "$root"/proc/sys
mount -o remount,bind,ro,nosuid,nodev,noexec "$root"/proc/sys
mount --bind /dev/null "$root"/proc/kcore
mkdir -p "$root"/sys
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root"/sys
mkdir -p "$root"/sys/fs/cgroup
mount -t cgroup2 -o ro,nosuid,nodev,noexec cgroup2 "$root"/sys/fs/cgroup
mount -t tmpfs -o mode=755,size=4k,ro,nosuid,nodev,noexec tmpfs "$root"/sys/firmware
mount --bind "$root"/sys/firmware/. "$root"/sys/kernel/debug
mkdir -p "$root"/dev
mount -t tmpfs -o mode=755,size=64m,nosuid,nodev,noexec tmpfs "$root"/dev
touch "$root"/dev/null
mount --bind /dev/null "$root"/dev/null
touch "$root"/dev/zero
mount --bind /dev/zero "$root"/dev/zero
touch "$root"/dev/full
mount --bind /dev/full "$root"/dev/full
touch "$root"/dev/random
mount --bind /dev/random "$root"/dev/random
touch "$root"/dev/urandom
mount --bind /dev/urandom "$root"/dev/urandom
touch "$root"/dev/tty
mount --bind /dev/tty "$root"/dev/tty
mkdir -p "$root"/dev/pts
mount -t devpts -o ptmxmode=0666,mode=0620,nosuid,noexec devpts "$root"/dev/pts
mkdir -p "$root"/dev/shm
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec tmpfs "$root"/dev/shm
mkdir -p "$root"/dev/mqueue
mount -t mqueue -o nosuid,nodev,noexec mqueue "$root"/dev/mqueue
ln -sfn /proc/self/fd "$root"/dev/fd
ln -sfn pts/ptmx "$root"/dev/ptmx
ln -sfn /proc/self/fd/2 "$root"/dev/stderr
ln -sfn /proc/self/fd/0 "$root"/dev/stdin
ln -sfn /proc/self/fd/1 "$root"/dev/stdout
mount -o remount,bind,ro,nodev "$root"
cd "$root"
pivot_root . .
umount -l .
cd /
prlimit --pid=$$ --nofile=1024:unlimited
umask 0077
cd /tmp
# Without the filter of system calls: no command installs one.
env -i 'A=a b' setsid --wait setpriv --groups=7,8 --bounding-set=-all,+chown,+net_bind_service --reuid=1000 --regid=1001 --inh-caps=-all,+chown,+net_bind_service --ambient-caps=-all,+chown,+net_bind_service --no-new-privs -- /bin/echo 'it'\''s me'
INSIDE
