package io.sandboxd.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FieldPathTest {
  @Test
  void writesPathsAsPeopleDo() {
    assertEquals(
        "mounts[2].source", FieldPath.ROOT.field("mounts").index(2).field("source").text());
    assertEquals(
        "sysctls[\"net.ipv4.ip_forward\"]",
        FieldPath.ROOT.field("sysctls").field("net.ipv4.ip_forward").text());
    assertTrue(FieldPath.ROOT.isRoot());
    assertFalse(FieldPath.ROOT.index(0).isRoot());
  }

  @Test
  void namesFromOutsideAreShownShortAndHarmless() {
    assertEquals(
        "[\"a\\u001b\\u0022\\u005c\\u0000\"]", FieldPath.ROOT.field("a\u001b\"\\\0").text());
    assertEquals("[\"" + "x".repeat(64) + "…\"]", FieldPath.ROOT.field("x".repeat(10_000)).text());
    assertEquals("[\"\\ud800\"]", FieldPath.ROOT.field("\ud800").text());
  }
}
