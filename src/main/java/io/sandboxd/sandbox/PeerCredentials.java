package io.sandboxd.sandbox;

/**
 * Who is at the other end of a connection, by the kernel's word (SO_PEERCRED, unix(7)): as it was
 * when the connection was made.
 */
public record PeerCredentials(int pid, int uid, int gid) {}
