#!/bin/sh -e
echo 0 > /proc/self/oom_score_adj
echo $$ > /sys/fs/cgroup/sandboxd/x/cgroup.procs
# It takes newuidmap(1) (Debian: uidmap), which wants these ids to be root's, in /etc/subuid and /etc/subgid.
unshare --mount --pid --net --ipc --uts --user --propagation=unchanged --map-users=100000,0,65536 --map-groups=100000,0,65536 --setuid=0 --setgid=0 --fork --cgroup sh -e <<'INSIDE'
hostname box
ip link set lo up
mount --make-rprivate /
findmnt -rno TARGET | while read -r m; do mount -o remount,bind,ro "$m" || :; done
mkdir -p /proc
mount -t proc -o nosuid,nodev,noexec proc /proc
mount --rbind /proc/irq /proc/irq
mount -o remount,bind,ro,nosuid,nodev,noexec /proc/irq
mount --rbind /proc/sys /proc/sys
mount -o remount,bind,ro,nosuid,nodev,noexec /proc/sys
mount -t tmpfs copies /mnt
touch /mnt/1
mount --bind /dev/null /mnt/1
mount -n --move /mnt/1 /proc/kcore
mkdir -p /sys
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs /sys
mkdir -p /sys/fs/cgroup
mount -t cgroup2 -o ro,nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755,size=4k,ro,nosuid,nodev,noexec tmpfs /sys/firmware
mount --bind /sys/firmware/. /sys/kernel/debug
touch /mnt/2
mount --bind /dev/null /mnt/2
touch /mnt/3
mount --bind /dev/zero /mnt/3
touch /mnt/4
mount --bind /dev/full /mnt/4
touch /mnt/5
mount --bind /dev/random /mnt/5
touch /mnt/6
mount --bind /dev/urandom /mnt/6
touch /mnt/7
mount --bind /dev/tty /mnt/7
mkdir -p /dev
mount -t tmpfs -o mode=755,size=64m,nosuid,nodev,noexec tmpfs /dev
touch /dev/null
mount -n --move /mnt/2 /dev/null
touch /dev/zero
mount -n --move /mnt/3 /dev/zero
touch /dev/full
mount -n --move /mnt/4 /dev/full
touch /dev/random
mount -n --move /mnt/5 /dev/random
touch /dev/urandom
mount -n --move /mnt/6 /dev/urandom
touch /dev/tty
mount -n --move /mnt/7 /dev/tty
mkdir -p /dev/pts
mount -t devpts -o ptmxmode=0666,mode=0620,nosuid,noexec devpts /dev/pts
mkdir -p /dev/shm
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec tmpfs /dev/shm
mkdir -p /dev/mqueue
mount -t mqueue -o nosuid,nodev,noexec mqueue /dev/mqueue
ln -sfn /proc/self/fd /dev/fd
ln -sfn pts/ptmx /dev/ptmx
ln -sfn /proc/self/fd/2 /dev/stderr
ln -sfn /proc/self/fd/0 /dev/stdin
ln -sfn /proc/self/fd/1 /dev/stdout
mkdir -p /tmp
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /tmp
mkdir -p /run
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
cd /
umount -l /mnt
prlimit --pid=$$ --nofile=1024:unlimited
umask 0077
cd /tmp
# Without the filter of system calls: no command installs one.
env -i 'A=a b' setsid --wait setpriv --groups=7,8 --bounding-set=-all,+chown,+net_bind_service --reuid=1000 --regid=1001 --inh-caps=-all,+chown,+net_bind_service --ambient-caps=-all,+chown,+net_bind_service --no-new-privs -- /bin/echo 'it'\''s me'
INSIDE
