package io.sandboxd.lifecycle;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.network.Cables;
import io.sandboxd.network.MacAddress;
import io.sandboxd.registry.Records;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.StoredForm;
import io.sandboxd.sandbox.net.LinkSpec;
import io.sandboxd.sandbox.net.LinkStatus;
import io.sandboxd.sandbox.net.NetworkSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Cables between sandboxes. A link ends with either of the sandboxes: that is the kernel's way, and
 * the record follows it.
 */
public final class Links {
  private static final Logger LOG = Logger.getLogger(Links.class);

  /** Of one sandbox. */
  private static final int MOST = 256;

  private static final EnumSet<SandboxState> GONE =
      EnumSet.of(SandboxState.DELETING, SandboxState.BROKEN);

  private final SandboxRegistry registry;
  private final Records<LinkStatus> records;
  private final Inits inits;
  private final Cables cables;

  public Links(SandboxRegistry registry, Records<LinkStatus> records, Inits inits, Cables cables) {
    this.registry = registry;
    this.records = records;
    this.inits = inits;
    this.cables = cables;
  }

  /** Those of which a caller may know. */
  public List<LinkStatus> all(Caller caller) {
    return records.all().stream().filter(link -> caller.sees(link.owner())).toList();
  }

  /**
   * @throws SandboxException {@code not_found}
   */
  public LinkStatus require(String name, Caller caller) {
    return records
        .find(name)
        .filter(link -> caller.sees(link.owner()))
        .orElseThrow(() -> SandboxException.notFound("link", name));
  }

  /**
   * @param spec validated
   * @throws SandboxException {@code name_in_use}, also for an interface that is there already;
   *     {@code invalid_spec} for a sandbox that is not there, or is in no network namespace of its
   *     own; {@code launch_failed}, with nothing left
   */
  public LinkStatus create(LinkSpec spec, Caller caller) {
    List<Sandbox> sandboxes = new ArrayList<>();
    for (int i = 0; i < spec.ends().size(); i++) {
      sandboxes.add(sandbox("ends[" + i + "].sandbox", spec.ends().get(i), caller));
    }
    return create(spec, sandboxes, caller);
  }

  /** The cables of a sandbox that is being made. */
  void create(Sandbox sandbox, Caller caller) {
    List<NetworkSpec.Cable> cablesOf = NetworkSpec.or(sandbox.status().spec().network().links());
    for (int i = 0; i < cablesOf.size(); i++) {
      NetworkSpec.Cable cable = cablesOf.get(i);
      String field = "network.links[" + i + "].peer.sandbox";
      Sandbox peer = sandbox(field, cable.peer(), caller);
      LinkSpec.End own = new LinkSpec.End(sandbox.name(), cable.device(), cable.addresses());
      create(
          new LinkSpec(cable.name(), List.of(own, cable.peer()), cable.mtu(), cable.conditions()),
          List.of(sandbox, peer),
          caller);
    }
  }

  private Sandbox sandbox(String field, LinkSpec.End end, Caller caller) {
    Sandbox found =
        registry
            .find(end.sandbox(), caller)
            .orElseThrow(
                () ->
                    SandboxException.invalid(field, "there is no sandbox '" + end.sandbox() + "'"));
    if (!found.status().spec().namespace(NamespaceType.NETWORK).isNew()) {
      throw SandboxException.invalid(
          field,
          "'" + end.sandbox() + "' has no network namespace of its own: link to one that has");
    }
    return found;
  }

  private LinkStatus create(LinkSpec spec, List<Sandbox> sandboxes, Caller caller) {
    List<LinkStatus.End> ends = new ArrayList<>();
    for (int i = 0; i < sandboxes.size(); i++) {
      LinkSpec.End end = spec.ends().get(i);
      ends.add(
          new LinkStatus.End(
              sandboxes.get(i).name(),
              sandboxes.get(i).id(),
              end.device(),
              null,
              MacAddress.random(),
              NetworkSpec.or(end.addresses())));
    }
    String name = spec.name() == null ? "link-" + SandboxIds.random().substring(0, 8) : spec.name();
    LinkStatus link =
        new LinkStatus(
            StoredForm.VERSION,
            name,
            caller.owner(),
            Instant.now(),
            ends,
            spec.packet(),
            spec.conditions());
    sandboxes.forEach(this::requireRoom);
    // Before the sandboxes are looked at: who deletes one from here on finds this.
    records.add(link);
    try {
      return connect(link, sandboxes);
    } catch (RuntimeException e) {
      records.remove(link);
      throw e instanceof ErrnoException refused ? refusal(refused) : e;
    }
  }

  private LinkStatus connect(LinkStatus link, List<Sandbox> sandboxes) {
    List<Fd> namespaces = new ArrayList<>();
    try {
      for (Sandbox sandbox : sandboxes) {
        requireAlive(sandbox);
        namespaces.add(inits.openProc(sandbox, "ns/net", Syscalls.O_RDONLY));
      }
      LinkStatus made = cables.create(link, namespaces);
      if (!records.replace(link, made)) { // it, or one of them, was deleted meanwhile
        cables.delete(made.ends().get(0), namespaces.get(0));
        sandboxes.forEach(Links::requireAlive);
        throw SandboxException.wrongState("The link '" + link.name() + "' was deleted meanwhile.");
      }
      return made;
    } finally {
      namespaces.forEach(Fd::close);
    }
  }

  private void requireRoom(Sandbox sandbox) {
    if (records.all().stream().filter(link -> link.isOf(sandbox.id())).count() >= MOST) {
      throw new SandboxException(
          ErrorCode.LIMIT_EXCEEDED,
          "The sandbox '" + sandbox.name() + "' has " + MOST + " links, and can have no more.");
    }
  }

  private static void requireAlive(Sandbox sandbox) {
    if (GONE.contains(sandbox.state())) {
      throw SandboxException.wrongState(
          "The sandbox '" + sandbox.name() + "' is " + sandbox.state().word() + ".");
    }
  }

  private static SandboxException refusal(ErrnoException e) {
    return e.errno() == Errno.EEXIST
        ? new SandboxException(
                ErrorCode.NAME_IN_USE,
                "One of the sandboxes has an interface or an address like this already: "
                    + e.getMessage(),
                e)
            .with("errnoName", e.errnoName())
        : NetworkRefusal.of("connect the sandboxes", e);
  }

  /**
   * @throws SandboxException {@code not_found}; {@code launch_failed}
   */
  public void delete(String name, Caller caller) {
    LinkStatus link = require(name, caller);
    try {
      drop(link);
    } catch (ErrnoException e) {
      throw NetworkRefusal.of("take the link away", e);
    }
  }

  /** One that was being made may have got its interfaces meanwhile: it is dropped as it is then. */
  private void drop(LinkStatus link) {
    Optional<LinkStatus> left = Optional.of(link);
    while (left.isPresent()) {
      disconnect(left.get());
      records.remove(left.get());
      left = records.find(link.name()).filter(link::isSame);
    }
  }

  /** At the end that still can be reached; with its namespace an interface goes by itself. */
  private void disconnect(LinkStatus link) {
    for (LinkStatus.End end : link.ends()) {
      Optional<Sandbox> sandbox = registry.find(end.sandboxId());
      if (sandbox.isPresent() && inits.isAlive(sandbox.get())) {
        try (Fd namespace = inits.openProc(sandbox.get(), "ns/net", Syscalls.O_RDONLY)) {
          if (cables.delete(end, namespace)) {
            return;
          }
        } catch (SandboxException e) {
          LOG.debugf("Sandbox %s has ended: %s", end.sandbox(), e.getMessage());
        }
      }
    }
  }

  /** All that end at a sandbox; it may be dead, or never have been made whole. */
  void deleteOf(Sandbox sandbox) {
    for (LinkStatus link : records.all()) {
      if (link.isOf(sandbox.id())) {
        drop(link);
      }
    }
  }

  /** Those of a former daemon, as far as both sandboxes are there. */
  void restore() {
    for (LinkStatus link : records.restore()) {
      boolean both =
          link.ends().stream().allMatch(end -> registry.find(end.sandboxId()).isPresent());
      if (!both) {
        drop(link);
      }
    }
  }
}
