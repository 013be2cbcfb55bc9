package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.Protocol;
import io.sandboxd.sandbox.net.PublishedPort;
import org.junit.jupiter.api.Test;

class AddressPoolTest {
  private final AddressPool pool =
      new AddressPool(Cidr.parse("10.0.0.0/29"), IpAddress.parse("10.0.0.1"));

  private static IpAddress address(String text) {
    return IpAddress.parse(text);
  }

  @Test
  void inTurn() {
    assertEquals(address("10.0.0.2"), pool.take("a"));
    assertEquals(address("10.0.0.3"), pool.take("b"));
    pool.giveBack("a");
    assertEquals(address("10.0.0.4"), pool.take("c"), "what was a's is left alone for now");
    pool.take("d");
    pool.take("e");
    assertEquals(address("10.0.0.2"), pool.take("f"));
    SandboxException full = assertThrows(SandboxException.class, () -> pool.take("g"));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, full.code());
    assertTrue(pool.isInUse());
    for (String owner : new String[] {"b", "c", "d", "e", "f"}) {
      pool.giveBack(owner);
    }
    assertFalse(pool.isInUse());
  }

  @Test
  void byChoice() {
    assertNull(pool.take(address("10.0.0.6"), "a"));
    assertEquals("a", pool.take(address("10.0.0.6"), "b"));
    assertEquals("the gateway", pool.take(address("10.0.0.1"), "b"));
    assertEquals(address("10.0.0.2"), pool.take("b"));
    assertFalse(pool.isUsable(address("10.0.0.0")));
    assertFalse(pool.isUsable(address("10.0.0.7")));
    assertFalse(pool.isUsable(address("10.0.0.8")));
    assertTrue(pool.isUsable(address("10.0.0.6")));
  }

  @Test
  void ofIpv6() {
    AddressPool large = new AddressPool(Cidr.parse("fd00::/64"), address("fd00::1"));
    assertEquals(address("fd00::2"), large.take("a"));
    assertTrue(large.isUsable(address("fd00::ffff:ffff:ffff:ffff")));
    assertNull(large.take(address("fd00::ffff:ffff:ffff:ffff"), "b"));
    assertEquals(address("fd00::3"), large.take("c"));
  }

  @Test
  void portsAreOneSandboxs() {
    HostPorts ports = new HostPorts();
    PublishedPort all = new PublishedPort(null, 80, null, null);
    PublishedPort local = new PublishedPort(address("127.0.0.1"), 80, null, null);
    PublishedPort other = new PublishedPort(address("10.0.0.1"), 80, 8080, null);
    PublishedPort datagrams = new PublishedPort(null, 80, null, Protocol.UDP);
    assertNull(ports.take(local, "a"));
    assertNull(ports.take(other, "b"));
    assertNull(ports.take(datagrams, "c"));
    assertEquals("a", ports.take(all, "d"));
    ports.giveBack(local, "d");
    assertEquals("a", ports.take(local, "d"), "it was not d's to give back");
    ports.giveBack(local, "a");
    ports.giveBack(other, "b");
    assertNull(ports.take(all, "d"));
  }
}
