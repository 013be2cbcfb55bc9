package io.sandboxd.network;

import io.sandboxd.sandbox.net.Protocol;
import io.sandboxd.sandbox.net.PublishedPort;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which ports of the host lead into which sandbox. */
public final class HostPorts {
  private record Key(Protocol carrier, int port) {}

  private record Claim(PublishedPort port, String owner) {}

  private final Map<Key, List<Claim>> claims = new HashMap<>();

  /**
   * @param owner the id of a sandbox
   * @return whose a port is that packets of this one would go to as well; null: it is the new
   *     owner's now
   */
  public synchronized String take(PublishedPort port, String owner) {
    List<Claim> same = claims.computeIfAbsent(key(port), key -> new ArrayList<>(1));
    for (Claim claim : same) {
      if (claim.port().clashesWith(port)) {
        return claim.owner();
      }
    }
    same.add(new Claim(port, owner));
    return null;
  }

  /** Harmless for one that it does not have. */
  public synchronized void giveBack(PublishedPort port, String owner) {
    claims.computeIfPresent(
        key(port),
        (key, same) -> {
          same.removeIf(claim -> claim.owner().equals(owner) && claim.port().equals(port));
          return same.isEmpty() ? null : same;
        });
  }

  private static Key key(PublishedPort port) {
    return new Key(port.carrier(), port.hostPort());
  }
}
