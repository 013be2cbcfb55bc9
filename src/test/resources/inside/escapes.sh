# Tries from inside what has let others out, or further than they should get. Prints a line for each: "holds WHAT", or
# "OPEN WHAT" with what happened. To be run by sh as root of a sandbox that asked for nothing; changes nothing if all holds.
# It needs perl for system calls; their numbers are those of x86-64.

report() { # WHAT STATUS: 0 is that it could be done
  if [ "$2" -eq 0 ]; then echo "OPEN $1"; else echo "holds $1"; fi
}
try() { # WHAT COMMAND...
  what=$1
  shift
  ("$@") >/dev/null 2>&1 </dev/null
  report "$what" $?
}
into() { # FILE: opens it for writing, and writes nothing
  : >>"$1"
}
some() { # FILE: has something to read
  [ "$(head -c 1 "$1" 2>/dev/null | wc -c)" -gt 0 ]
}
status() { # FIELD
  sed -n "s/^$1:[[:space:]]*//p" /proc/self/status
}

echo '# credentials'
[ "$(status NoNewPrivs)" = 1 ] && report 'new privileges' 1 || report 'new privileges' 0
[ "$(status Seccomp)" = 2 ] && report 'no filter of system calls' 1 || report 'no filter of system calls' 0
capabilities=$((0x$(status CapBnd)))
for capability in 1:DAC_OVERRIDE-of-the-host 12:NET_ADMIN 16:SYS_MODULE 17:SYS_RAWIO 19:SYS_PTRACE 21:SYS_ADMIN \
  22:SYS_BOOT 24:SYS_RESOURCE 25:SYS_TIME 27:MKNOD 34:SYSLOG 38:PERFMON 39:BPF; do
  [ "${capability%%:*}" -gt 1 ] || continue
  report "capability ${capability#*:}" $((!(capabilities >> ${capability%%:*} & 1)))
done
[ "$(awk '{ print $2 }' /proc/self/uid_map)" != 0 ] && report 'the ids of the host' 1 || report 'the ids of the host' 0

echo '# the host'\''s files'
for file in /etc/shadow /etc/gshadow /etc/ssh/ssh_host_ed25519_key /root/.bash_history; do
  try "read $file" some "$file"
done
for directory in / /etc /usr/bin /var/lib /boot /root /home; do try "make a file in $directory" into "$directory/.escape"; done
for socket in /run/docker.sock /run/containerd/containerd.sock /run/dbus/system_bus_socket /run/systemd/private \
  /run/sandboxd/sandboxd.sock; do
  try "see $socket" test -e "$socket"
done

echo '# init and other processes'
for part in mem environ maps auxv stack; do try "read /proc/1/$part" some "/proc/1/$part"; done
for link in exe cwd root fd/0 ns/mnt; do try "follow /proc/1/$link" readlink "/proc/1/$link"; done
try 'write to the program of init' into /proc/1/exe
try 'see processes of the host' sh -c 'for p in /proc/[0-9]*; do case $(cat $p/comm) in systemd|sshd|java) exit 0; esac; done; exit 1'
try 'open descriptors that are not ours' sh -c 'for f in /proc/self/fd/*; do [ "${f##*/}" -le 2 ] || readlink "$f"; done | grep -v "/proc/" | grep -q .'

echo '# what rules the machine'
for file in sys/kernel/core_pattern sys/kernel/modprobe sys/kernel/hotplug sys/kernel/sysrq sys/vm/drop_caches \
  sys/vm/overcommit_memory sys/fs/suid_dumpable sys/net/ipv4/ip_forward sysrq-trigger irq/default_smp_affinity \
  sys/fs/binfmt_misc/register sys/kernel/ns_last_pid; do
  try "write /proc/$file" into "/proc/$file"
done
for file in kcore kmsg keys timer_list sched_debug kpagecount interrupts acpi/wakeup; do
  try "read /proc/$file" some "/proc/$file"
done
for file in kernel/uevent_helper kernel/profiling power/state fs/cgroup/release_agent fs/cgroup/cgroup.procs \
  module/kernel/parameters/panic; do
  try "write /sys/$file" into "/sys/$file"
done
for directory in firmware kernel/debug kernel/tracing kernel/security fs/bpf; do
  try "look into /sys/$directory" sh -c "ls /sys/$directory | grep -q ."
done

echo '# devices'
for device in mem kmem port kmsg vda sda nvme0n1 loop0 loop-control fuse kvm net/tun mapper/control; do
  try "open /dev/$device" some "/dev/$device"
done
try 'make a disk' mknod /tmp/disk b 8 0
try 'make a memory device' mknod /dev/shm/mem c 1 1

echo '# namespaces and mounts'
try 'a new user namespace' unshare -U true
try 'a new mount namespace' unshare -m true
try 'a new network namespace' unshare -n true
try 'the namespaces of init' nsenter -t 1 -m true
try 'mount a tmpfs' mount -t tmpfs none /tmp
try 'mount proc' mount -t proc none /tmp
try 'mount a cgroup file system' mount -t cgroup2 none /tmp
try 'make /proc/sys writable' mount -o remount,bind,rw /proc/sys
try 'take a mask away' umount /proc/kcore
try 'take the root away' umount -l /
report 'interfaces beside lo' "$([ "$(ls /sys/class/net)" = lo ]; echo $((!$?)))"
try 'another host name for the host' sh -c 'test "$(cat /proc/sys/kernel/hostname)" = "$(cat /etc/hostname)"'

# A second chroot makes a directory that is not below the root of the process: the way up ends at the sandbox's own root.
before=$(stat -c %d:%i /)
after=$(perl -e 'mkdir "/tmp/cell"; chroot "/tmp/cell"; chdir ".." for 1 .. 64; chroot "."; printf "%d:%d", (stat "/")[0, 1]' 2>/dev/null)
[ -z "$after" ] || [ "$before" = "$after" ] && report 'a way out of a chroot' 1 || report "a way out of a chroot: $after" 0

if [ "$(uname -m)" != x86_64 ] || ! command -v perl >/dev/null; then
  echo '# skipped: system calls (they take perl, on x86-64)'
  exit 0
fi
echo '# system calls'
call() { # WHAT NUMBER ARGUMENT...: that it fails by EPERM, EACCES, ENOSYS or EAFNOSUPPORT is what should be
  what=$1
  shift
  perl -e '
    my ($number, @arguments) = map { /^-?[0-9]+$/ ? $_ + 0 : $_ } @ARGV;
    my $result = syscall($number, @arguments);
    exit 0 if $result != -1;
    my $why = $! + 0;
    exit((grep { $why == $_ } 1, 13, 38, 97) ? 1 : 2)' -- "$@" 2>/dev/null
  case $? in
    1) echo "holds $what" ;;
    0) echo "OPEN $what" ;;
    *) echo "OPEN $what (not refused as such)" ;;
  esac
}
call 'ptrace init' 101 16 1 0 0
call 'mount' 165 none /tmp tmpfs 0 0
call 'open_tree' 428 -100 / 1
call 'fsopen' 430 tmpfs 0
call 'move_mount' 429 -1 0 -1 0 0
call 'pivot_root' 155 . .
call 'unshare a user namespace' 272 268435456
call 'setns' 308 0 0
call 'clone3' 435 0 0
call 'open_by_handle_at' 304 -100 0 0
call 'add_key' 248 user name payload 7 -3
call 'keyctl' 250 0 -3 0
call 'request_key' 249 user name 0 0
call 'bpf' 321 0 0 0
call 'perf_event_open' 298 0 0 -1 -1 0
call 'userfaultfd' 323 0
call 'io_uring_setup' 425 1 0
call 'init_module' 175 0 0 x
call 'finit_module' 313 0 x 0
call 'delete_module' 176 x 0
call 'kexec_load' 246 0 0 0 0
call 'kexec_file_load' 320 0 0 0 x 0
call 'reboot' 169 0 0 0 0
call 'swapon' 167 /tmp 0
call 'settimeofday' 164 0 0
call 'clock_settime' 227 0 0
call 'syslog' 103 3 0 0
call 'acct' 163 /tmp
call 'iopl' 172 3
call 'ioperm' 173 0 1 1
call 'quotactl' 179 0 0 0 0
call 'lookup_dcookie' 212 0 0 0
call 'fanotify_init' 300 0 0
call 'vhangup' 153
call 'personality of no randomness' 135 262144
call 'a socket to other virtual machines' 41 40 1 0
