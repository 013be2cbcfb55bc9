package io.sandboxd.network;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;

/**
 * The addresses of one subnet and whose they are. They are given out in turn, so that what was one
 * sandbox's is not another's for as long as possible: others may still remember it.
 */
public final class AddressPool {
  private static final String GATEWAY = "the gateway";

  private final Cidr subnet;
  private final Map<IpAddress, String> owners = new HashMap<>();
  private BigInteger next = BigInteger.ONE;

  /**
   * @param gateway the host's own
   */
  public AddressPool(Cidr subnet, IpAddress gateway) {
    this.subnet = subnet;
    owners.put(gateway, GATEWAY);
  }

  public Cidr subnet() {
    return subnet;
  }

  /**
   * The next free one.
   *
   * @param owner the id of a sandbox
   * @throws SandboxException {@code limit_exceeded} if there is none
   */
  public synchronized IpAddress take(String owner) {
    // So many tries find one if there is one: not more are taken.
    for (int tries = 0; tries <= owners.size() + 2; tries++) {
      IpAddress candidate = subnet.at(next);
      next = next.add(BigInteger.ONE);
      if (next.compareTo(end()) >= 0) {
        next = BigInteger.ONE;
      }
      if (owners.putIfAbsent(candidate, owner) == null) {
        return candidate;
      }
    }
    throw new SandboxException(
        ErrorCode.LIMIT_EXCEEDED,
        "All addresses of " + subnet + " are in use: delete sandboxes, or take another network.");
  }

  /** Behind the last that can be given out: in IPv4 the last of all is everybody's. */
  private BigInteger end() {
    return subnet.address().isV4() ? subnet.size().subtract(BigInteger.ONE) : subnet.size();
  }

  /**
   * This one.
   *
   * @return whose it is; null: it was free, and is the new owner's now
   */
  public synchronized String take(IpAddress address, String owner) {
    String had = owners.putIfAbsent(address, owner);
    if (had == null) {
      BigInteger behind = subnet.indexOf(address).add(BigInteger.ONE);
      next = next.max(behind.compareTo(end()) < 0 ? behind : BigInteger.ONE);
    }
    return had;
  }

  /** Whether a host can have it. */
  public boolean isUsable(IpAddress address) {
    BigInteger index = subnet.indexOf(address);
    return subnet.contains(address) && index.signum() > 0 && index.compareTo(end()) < 0;
  }

  /** All that it has. */
  public synchronized void giveBack(String owner) {
    owners.values().removeIf(owner::equals);
  }

  /** Whether there is one that is not the gateway. */
  public synchronized boolean isInUse() {
    return owners.size() > 1;
  }
}
