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
    Map<String, String> labels, Resources resources, boolean changesTtl, Duration ttl) {
  private static final Set<String> FIELDS = new TreeSet<>(Set.of("labels", "resources", "ttl"));

  /**
   * @throws SandboxException {@code invalid_spec} if the patch speaks of other fields, or what
   *     comes out cannot be
   */
  public static SandboxPatch of(SandboxStatus current, JsonNode patch, SpecValidator validator) {
    if (!patch.isObject()) {
      throw SandboxException.invalid("body", "must be an object with the fields to change");
    }
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      if (!FIELDS.contains(field.getKey())) {
        throw Rule.broken(
            FieldPath.ROOT.field(field.getKey()),
            "cannot be changed in a living sandbox; these can: " + String.join(", ", FIELDS));
      }
    }
    ObjectNode now = JsonNodeFactory.instance.objectNode();
    now.set("labels", SpecJson.toTree(current.labels()));
    now.set("resources", SpecJson.toTree(current.resources()));
    SandboxSpec patched =
        SpecJson.convert(MergePatch.apply(now, patch), SandboxSpec.class, FieldPath.ROOT);
    validator.check(patched);
    return new SandboxPatch(
        patched.labels() == null ? Map.of() : patched.labels(),
        patched.resources() == null ? Resources.NONE : patched.resources(),
        patch.has("ttl"),
        patched.ttl());
  }

  public SandboxPatch with(Resources limits) {
    return new SandboxPatch(labels, limits, changesTtl, ttl);
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
