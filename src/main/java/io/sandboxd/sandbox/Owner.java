package io.sandboxd.sandbox;

/**
 * Whose a sandbox is: the user and group of the process that asked for it, as the host numbers
 * them. The group is for information; what counts is the user.
 */
public record Owner(long uid, long gid) {
  /** Of what was made before there were owners. */
  public static final Owner ROOT = new Owner(0, 0);
}
