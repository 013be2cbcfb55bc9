package io.sandboxd.sandbox;

/** One line of a uid_map or gid_map (user_namespaces(7)), in the OCI runtime-spec's words. */
public record IdMapping(long containerID, long hostID, long size) {}
