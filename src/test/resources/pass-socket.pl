# Stands in for a service manager with socket activation: listens at ADDRESS (a path, or 127.0.0.1), hands the socket to
# COMMAND as descriptor 3, and starts it again whenever it ends. TERM ends both, with the command's status.
#   perl pass-socket.pl ADDRESS COMMAND ARGUMENT...
use strict;
use warnings;
use POSIX ();
use Socket;

my $address = shift;
my $unix = $address =~ m{^/};
$^F = 3;    # descriptors up to this one are not closed on exec
socket(my $listener, $unix ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or die "socket: $!";
umask 0177;
bind($listener, $unix ? pack_sockaddr_un($address) : pack_sockaddr_in(0, inet_aton($address))) or die "bind: $!";
listen($listener, 1024) or die "listen: $!";
umask 0022;

my ($child, $ending) = (0, 0);
$SIG{TERM} = sub { $ending = 1; kill TERM => $child if $child };
until ($ending) {
  $child = fork() // die "fork: $!";
  if (!$child) {
    $SIG{TERM} = 'DEFAULT';
    POSIX::dup2(fileno $listener, 3);
    @ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, 1, 'api');
    exec @ARGV or die "exec: $!";
  }
  kill TERM => $child if $ending;
  1 while waitpid($child, 0) < 0;
  last if $? >> 8 == 78 or $? >> 8 == 69;    # it could not start
}
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
