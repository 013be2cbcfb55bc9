package io.sandboxd.sandbox.rules;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.json.MergePatch;
import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.net.NetworkSpec;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a living sandbox is to have after a JSON Merge Patch (RFC 7386), checked as a new one's
 * would be.
 *
 * @param changesTtl whether the patch speaks of it at all
 * @param ttl from now on; null is for ever
 */
public record SandboxPatch(
    Map<String, String> labels,
    Resources resources,
    NetworkSpec network,
    boolean changesTtl,
    Duration ttl) {
  private static final Set<String> FIELDS =
      new TreeSet<>(Set.of("labels", "network", "resources", "ttl"));
  private static final Set<String> OF_NETWORK = new TreeSet<>(Set.of("egress", "rates"));

  /**
   * @throws SandboxException {@code invalid_spec} if the patch speaks of other fields, or what
   *     comes out cannot be
   */
  public static SandboxPatch of(SandboxStatus current, JsonNode patch, SpecValidator validator) {
    if (!patch.isObject()) {
      throw SandboxException.invalid("body", "must be an object with the fields to change");
    }
    requireFields(patch, FIELDS, FieldPath.ROOT);
    FieldPath network = FieldPath.ROOT.field("network");
    if (patch.has("network")) {
      if (!patch.get("network").isObject() || current.spec().network() == null) {
        throw Rule.broken(network, "can be changed where there is one, by an object");
      }
      requireFields(patch.get("network"), OF_NETWORK, network);
    }
    ObjectNode now = JsonNodeFactory.instance.objectNode();
    now.set("labels", SpecJson.toTree(current.labels()));
    now.set("resources", SpecJson.toTree(current.resources()));
    if (current.spec().network() != null) {
      now.set("network", SpecJson.toTree(current.spec().network()));
      JsonNode namespaces = SpecJson.toTree(current.spec()).get("namespaces");
      if (namespaces != null) {
        now.set("namespaces", namespaces);
      }
    }
    SandboxSpec patched =
        SpecJson.convert(MergePatch.apply(now, patch), SandboxSpec.class, FieldPath.ROOT);
    validator.check(patched);
    return new SandboxPatch(
        patched.labels() == null ? Map.of() : patched.labels(),
        patched.resources() == null ? Resources.NONE : patched.resources(),
        patch.has("network") ? patched.network() : current.spec().network(),
        patch.has("ttl"),
        patched.ttl());
  }

  public SandboxPatch with(Resources limits) {
    return new SandboxPatch(labels, limits, network, changesTtl, ttl);
  }

  private static void requireFields(JsonNode patch, Set<String> fields, FieldPath at) {
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      if (!fields.contains(field.getKey())) {
        throw Rule.broken(
            at.field(field.getKey()),
            "cannot be changed in a living sandbox; these can: " + String.join(", ", fields));
      }
    }
  }

  /** The same for the limits alone; {@code patch} is what a patch has for {@code resources}. */
  public static Resources resources(Resources current, JsonNode patch, SpecValidator validator) {
    FieldPath at = FieldPath.ROOT.field("resources");
    JsonNode merged = MergePatch.apply(SpecJson.toTree(current), patch);
    if (merged.isNull()) {
      return Resources.NONE;
    }
    Resources patched = SpecJson.convert(merged, Resources.class, at);
    validator.check(patched, at);
    return patched;
  }
}
