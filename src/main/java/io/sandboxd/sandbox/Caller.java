package io.sandboxd.sandbox;

import java.util.Set;

/**
 * Who makes a request, by the kernel's word (SO_PEERCRED and SO_PEERGROUPS, unix(7)): as it was
 * when the connection was made.
 *
 * @param gid its effective group
 * @param groups its supplementary groups
 * @param pid may be another process's by now
 * @param admin whether it may do everything: root, or in the admin group
 */
public record Caller(long uid, long gid, Set<Long> groups, int pid, boolean admin) {
  private static final long ROOT = 0;

  /**
   * @param adminGroup whose members are admins as root is; null if there is none
   */
  public static Caller of(long uid, long gid, Set<Long> groups, int pid, Long adminGroup) {
    boolean member = adminGroup != null && (gid == adminGroup || groups.contains(adminGroup));
    return new Caller(uid, gid, Set.copyOf(groups), pid, uid == ROOT || member);
  }

  public Owner owner() {
    return new Owner(uid, gid);
  }

  /**
   * Whether what belongs to an owner is there at all for this caller.
   *
   * @param owner null: nobody knows, so it is the admins' alone
   */
  public boolean sees(Owner owner) {
    return admin || (owner != null && owner.uid() == uid);
  }
}
