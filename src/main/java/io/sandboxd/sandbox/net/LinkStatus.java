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
   */
  public record End(
      String sandbox,
      String sandboxId,
      @JsonProperty("interface") InterfaceName device,
      String mac,
      List<Cidr> addresses) {}

  /** Whether it ends at a sandbox. */
  public boolean isOf(String sandboxId) {
    return ends.stream().anyMatch(end -> end.sandboxId().equals(sandboxId));
  }

  /** The same under other conditions. */
  public LinkStatus with(Conditions other) {
    return new LinkStatus(version, name, owner, createdAt, ends, mtu, other);
  }
}
