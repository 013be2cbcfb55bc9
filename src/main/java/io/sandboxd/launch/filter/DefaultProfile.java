package io.sandboxd.launch.filter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The profile of processes whose spec says nothing of one. It ships in the jar: a profile of the
 * OCI's form, whose rules have three fields more. {@code with} names capabilities of which a
 * process has at least one if the rule is to hold, {@code without} those of which it has none, and
 * {@code why} is for people.
 */
final class DefaultProfile {
  private static final String RESOURCE = "/seccomp/default.json";

  private final JsonNode file;
  private final long relevant;

  DefaultProfile() {
    try (InputStream in = DefaultProfile.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("The build left out " + RESOURCE + ".");
      }
      file = SpecJson.readTree(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    long mask = 0;
    for (JsonNode rule : file.path("syscalls")) {
      mask |= capabilities(rule, "with") | capabilities(rule, "without");
    }
    relevant = mask;
  }

  /** Of these capabilities those that make a difference. */
  long relevant(long capabilities) {
    return capabilities & relevant;
  }

  /**
   * @param capabilities bits by capability number: what the process and its children can ever have
   */
  SeccompProfile of(long capabilities) {
    ObjectNode profile = file.deepCopy();
    ArrayNode rules = profile.putArray("syscalls");
    for (JsonNode rule : file.path("syscalls")) {
      boolean lacks = rule.has("with") && (capabilities(rule, "with") & capabilities) == 0;
      boolean has = (capabilities(rule, "without") & capabilities) != 0;
      if (!lacks && !has) {
        ObjectNode plain = rule.deepCopy();
        plain.remove("with");
        plain.remove("without");
        plain.remove("why");
        rules.add(plain);
      }
    }
    return SpecJson.convert(profile, SeccompProfile.class, FieldPath.ROOT);
  }

  private static long capabilities(JsonNode rule, String field) {
    long mask = 0;
    for (JsonNode name : rule.path(field)) {
      mask |= Capability.find(name.asText()).orElseThrow().mask();
    }
    return mask;
  }
}
