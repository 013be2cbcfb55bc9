package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonView;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.StoredForm;
import java.time.Instant;
import java.util.List;

/**
 * One link, as clients see it and as it is kept on file.
 *
 * @param version of the file; not shown to clients
 * @param mtu bytes
 */
public record LinkStatus(
    @JsonView(StoredForm.class) int version,
    String name,
    Owner owner,
    Instant createdAt,
    List<End> ends,
    int mtu,
    Conditions conditions)
    implements Named {

  /**
   * @param sandbox its name
   * @param sandboxId for the daemon, whose sandboxes may be called as former ones were
   * @param index the interface's number in its network namespace, which stays when root there
   *     changes its name and address; null until it is made; not shown to clients
   */
  public record End(
      String sandbox,
      String sandboxId,
      @JsonProperty("interface") InterfaceName device,
      @JsonView(StoredForm.class) Integer index,
      String mac,
      List<Cidr> addresses) {
    /** The same, when it is made. */
    public End withIndex(int made) {
      return new End(sandbox, sandboxId, device, made, mac, addresses);
    }
  }

  /** Whether it ends at a sandbox. */
  public boolean isOf(String sandboxId) {
    return ends.stream().anyMatch(end -> end.sandboxId().equals(sandboxId));
  }

  /** Whether another is this one, at another time. */
  public boolean isSame(LinkStatus other) {
    return macs().equals(other.macs());
  }

  private List<String> macs() {
    return ends.stream().map(End::mac).toList();
  }

  /** The same with other ends. */
  public LinkStatus with(List<End> other) {
    return new LinkStatus(version, name, owner, createdAt, other, mtu, conditions);
  }
}
