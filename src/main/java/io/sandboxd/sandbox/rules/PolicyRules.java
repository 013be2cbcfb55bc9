package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.MountType;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Policy;
import io.sandboxd.sandbox.Policy.Rule;
import io.sandboxd.sandbox.Policy.Tree;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.Mount;
import io.sandboxd.sandbox.SandboxSpec.Root;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * What the {@link Policy} makes of a valid request: admins get what they ask for; others get it
 * within the limits, or are refused with the field and the rule. Whether a path that is in a
 * permitted directory by its name is there in truth, is seen when it is opened.
 */
public final class PolicyRules {
  private static final FieldPath NAMESPACES = FieldPath.ROOT.field("namespaces");

  /** What everybody has who asks for nothing (cgroup-v2, cpu.weight). */
  private static final int USUAL_WEIGHT = 100;

  private final Policy policy;
  private final Resources defaults;
  private final ProcessPolicy processes;

  /**
   * @param defaults limits of everybody's sandboxes that do not say, if they are lower
   * @param mostRetention bytes of output that a sandbox of a restricted caller may have kept
   */
  public PolicyRules(Policy policy, Resources defaults, long mostRetention) {
    this.policy = policy;
    this.defaults = defaults;
    this.processes = new ProcessPolicy(policy, mostRetention);
  }

  /**
   * @return the spec with the limits that are the caller's in any case
   * @throws SandboxException {@code not_permitted}
   */
  public SandboxSpec admit(SandboxSpec spec, Caller caller) {
    if (caller.admin()) {
      return spec;
    }
    requireRights(spec, caller);
    return spec.with(
        admit(spec.resources(), FieldPath.ROOT.field("resources"), caller),
        spec.process() == null ? null : processes.bounded(spec.process()));
  }

  /**
   * One process that is to run in a sandbox.
   *
   * @param sandbox may be older than the policy, or than the caller's being no admin any more
   * @param spec with all that it inherits
   */
  public ProcessSpec admit(ProcessSpec spec, SandboxSpec sandbox, Caller caller) {
    if (caller.admin()) {
      return spec;
    }
    requireRights(sandbox, caller);
    processes.check(spec, FieldPath.ROOT);
    return processes.bounded(spec);
  }

  /**
   * Limits of a sandbox.
   *
   * @param asked null: none
   * @param at where they are in the request
   */
  public Resources admit(Resources asked, FieldPath at, Caller caller) {
    return caller.admin() ? asked : bounded(asked == null ? Resources.NONE : asked, at);
  }

  /**
   * @param sandboxes counts those that the caller has already; of admins they are not counted
   */
  public void requireRoom(IntSupplier sandboxes, Caller caller) {
    if (caller.admin()) {
      return;
    }
    int had = sandboxes.getAsInt();
    if (had >= policy.maxSandboxes()) {
      throw Rule.POLICY_MAX_SANDBOXES.refuse(
          "sandboxes", policy.maxSandboxes(), "you have " + had + " already; delete one first");
    }
  }

  /** Only what a sandbox may do and see, not how much it may take. */
  public void requireRights(SandboxSpec spec, Caller caller) {
    if (caller.admin()) {
      return;
    }
    for (NamespaceType type : NamespaceType.values()) {
      namespace(type, spec.namespace(type));
    }
    if (spec.idMappings() != null && !spec.idMappings().uidLines().isEmpty()) {
      throw Rule.ADMIN_GROUP.refuse(
          "idMappings", null, "only admins choose ids; without it the sandbox gets its own");
    }
    root(spec.root());
    List<Mount> mounts = spec.mounts() == null ? List.of() : spec.mounts();
    for (int i = 0; i < mounts.size(); i++) {
      mount(mounts.get(i), FieldPath.ROOT.field("mounts").index(i));
    }
    ofTheMachine(spec.devices(), "devices");
    ofTheMachine(spec.maskedPaths(), "maskedPaths");
    ofTheMachine(spec.readonlyPaths(), "readonlyPaths");
    processes.retention(spec.outputRetention(), FieldPath.ROOT);
    if (spec.process() != null) {
      processes.check(spec.process(), FieldPath.ROOT.field("process"));
    }
  }

  private void namespace(NamespaceType type, NamespaceSource source) {
    FieldPath at = NAMESPACES.field(type.word());
    if (source.isHost() && !policy.hostNamespaces().contains(type)) {
      throw Rule.POLICY_HOST_NAMESPACES.refuse(
          at.text(),
          policy.hostNamespaces().stream().map(NamespaceType::word).sorted().toList(),
          "must not be the host's");
    }
    if (source instanceof NamespaceSource.OfPath file) {
      requireTree(at.field("path").text(), file.path());
    }
  }

  private static void ofTheMachine(List<?> asked, String field) {
    if (asked != null) {
      throw Rule.ADMIN_GROUP.refuse(
          field, null, "only admins say what of the machine is shown; leave it out");
    }
  }

  private void root(Root root) {
    if (root == null) {
      return;
    }
    Tree tree = requireTree("root.path", root.path());
    boolean written = !Boolean.TRUE.equals(root.readonly()) && !Boolean.TRUE.equals(root.overlay());
    if (written && !tree.writable()) {
      throw Rule.POLICY_ROOTS.refuse(
          "root.readonly",
          words(policy.roots()),
          "what is there is not to be written to: set this, or overlay");
    }
  }

  private void mount(Mount mount, FieldPath at) {
    if (mount.source() == null) {
      if (MountType.of(mount).map(MountType::shows).orElse(null) != null) {
        // Another one would be without masks.
        throw Rule.ADMIN_GROUP.refuse(
            at.field("type").text(), null, "only admins mount this; there is one in its place");
      }
      return;
    }
    Tree tree = requireTree(at.field("source").text(), mount.source());
    List<String> options = mount.options() == null ? List.of() : mount.options();
    if (!tree.writable() && !options.contains("ro")) {
      throw Rule.POLICY_BINDS.refuse(
          at.field("options").text(),
          words(policy.binds()),
          "what is there is not to be written to: add \"ro\"");
    }
    if (options.contains("noidmap")) {
      // Ids of the host as they are may be those that a former sandbox had.
      throw Rule.ADMIN_GROUP.refuse(
          at.field("options").text(), null, "only admins have mounts whose ids are not mapped");
    }
  }

  /**
   * The tree that a path is said to be in.
   *
   * @param field of the request, which says what the path is for
   */
  public Tree requireTree(String field, String path) {
    return Policy.treeOf(treesOf(field), path)
        .orElseThrow(() -> refusePath(field, "is not in a directory that is permitted"));
  }

  /** A path that is not what it is said to be. */
  public SandboxException refusePath(String field, String why) {
    return ruleOf(field).refuse(field, words(treesOf(field)), why);
  }

  private static Rule ruleOf(String field) {
    return field.startsWith("root.")
        ? Rule.POLICY_ROOTS
        : field.startsWith("mounts[") ? Rule.POLICY_BINDS : Rule.POLICY_JOIN_PATHS;
  }

  private List<Tree> treesOf(String field) {
    return switch (ruleOf(field)) {
      case POLICY_ROOTS -> policy.roots();
      case POLICY_BINDS -> policy.binds();
      default -> policy.joinPaths();
    };
  }

  private static List<String> words(List<Tree> trees) {
    return trees.stream().map(Tree::toString).toList();
  }

  private Resources bounded(Resources asked, FieldPath at) {
    if (asked.io() != null && !asked.io().isEmpty()) {
      throw Rule.ADMIN_GROUP.refuse(
          at.field("io").text(), null, "only admins speak of the host's devices");
    }
    return new Resources(
        memory(asked.memory(), at), cpu(asked.cpu(), at), pids(asked.pids(), at), null);
  }

  private Resources.Memory memory(Resources.Memory asked, FieldPath at) {
    ByteSize limit = policy.memoryMax();
    if (limit == null) {
      return asked;
    }
    Resources.Memory memory = asked == null ? new Resources.Memory(null, null, null) : asked;
    FieldPath where = at.field("memory");
    most(memory.max(), limit, Rule.POLICY_MEMORY_MAX, where.field("max"));
    most(memory.swapMax(), limit, Rule.POLICY_MEMORY_MAX, where.field("swapMax"));
    ByteSize usual = defaults.memory() == null ? limit : defaults.memory().max();
    ByteSize unsaid = usual.bytes() < limit.bytes() ? usual : limit;
    return new Resources.Memory(
        memory.max() == null ? unsaid : memory.max(), memory.high(), memory.swapMax());
  }

  private static void most(ByteSize asked, ByteSize limit, Rule rule, FieldPath at) {
    if (asked != null && asked.bytes() > limit.bytes()) {
      throw rule.refuse(at.text(), limit.bytes(), "can be at most " + limit.bytes() + " bytes");
    }
  }

  private Resources.Cpu cpu(Resources.Cpu asked, FieldPath at) {
    Double limit = policy.cpuMax();
    if (limit == null) {
      return asked;
    }
    Resources.Cpu cpu = asked == null ? new Resources.Cpu(null, null, null) : asked;
    FieldPath where = at.field("cpu");
    if (cpu.max() != null && cpu.max() > limit) {
      throw Rule.POLICY_CPU_MAX.refuse(where.field("max").text(), limit, "can be at most " + limit);
    }
    if (cpu.weight() != null && cpu.weight() > USUAL_WEIGHT) {
      throw Rule.POLICY_CPU_MAX.refuse(
          where.field("weight").text(), USUAL_WEIGHT, "can be at most " + USUAL_WEIGHT);
    }
    return new Resources.Cpu(cpu.max() == null ? limit : cpu.max(), cpu.weight(), cpu.cpuset());
  }

  private Resources.Pids pids(Resources.Pids asked, FieldPath at) {
    Long limit = policy.pidsMax();
    if (limit == null) {
      return asked;
    }
    if (asked == null || asked.max() == null) {
      long usual = defaults.pids() == null ? limit : defaults.pids().max();
      return new Resources.Pids(Math.min(usual, limit));
    }
    if (asked.max() > limit) {
      throw Rule.POLICY_PIDS_MAX.refuse(
          at.field("pids").field("max").text(), limit, "can be at most " + limit);
    }
    return asked;
  }
}
