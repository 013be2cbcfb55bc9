package io.sandboxd.api;

import io.sandboxd.sandbox.Caller;
import java.util.HashMap;
import java.util.Map;

/**
 * Something that there is only so much of, and that clients hold for a while: connections, or bytes
 * of memory. No user takes all of it, and users together leave something for the admins, who would
 * else be locked out when they are needed. May be used by any thread.
 */
final class Shares {
  /** Whether somebody got what was asked for, or what stood in the way. */
  enum Grant {
    GRANTED,
    ALL_TAKEN,
    OWN_SHARE_TAKEN
  }

  /** One part in so many is the admins' alone. */
  private static final int RESERVE = 8;

  private final long all;
  private final long allOfUsers;
  private final long eachUser;
  private final Map<Long, Long> byUser = new HashMap<>();
  private long taken;
  private long takenByUsers;

  /**
   * @param all how much there is
   * @param eachUser how much one user may hold who is no admin
   */
  Shares(long all, long eachUser) {
    this.all = all;
    this.allOfUsers = all - (all + RESERVE - 1) / RESERVE;
    this.eachUser = eachUser;
  }

  /** What is granted has to be {@link #give given back}. */
  synchronized Grant take(Caller caller, long amount) {
    if (taken + amount > all) {
      return Grant.ALL_TAKEN;
    }
    if (!caller.admin()) {
      long own = byUser.getOrDefault(caller.uid(), 0L);
      if (own + amount > eachUser) {
        return Grant.OWN_SHARE_TAKEN;
      }
      if (takenByUsers + amount > allOfUsers) {
        return Grant.ALL_TAKEN;
      }
      byUser.put(caller.uid(), own + amount);
      takenByUsers += amount;
    }
    taken += amount;
    return Grant.GRANTED;
  }

  synchronized void give(Caller caller, long amount) {
    taken -= amount;
    if (amount > 0 && !caller.admin()) {
      takenByUsers -= amount;
      byUser.computeIfPresent(caller.uid(), (uid, own) -> own == amount ? null : own - amount);
    }
  }
}
