package io.sandboxd.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdRangesTest {
  private static long base(IdMappings mappings) {
    return mappings.uidLines().get(0).hostID();
  }

  @Test
  void rangesDoNotOverlapAndAreGivenBack() {
    IdRanges ranges = new IdRanges(1 << 20);
    IdMappings first = ranges.take();
    IdMappings second = ranges.take();
    assertEquals(base(first) + IdRanges.SIZE, base(second));
    ranges.giveBack(first);
    assertEquals(base(second) + IdRanges.SIZE, base(ranges.take()), "not at once");
  }

  @Test
  void rangesOfRestoredSandboxesAreKept() {
    IdRanges ranges = new IdRanges(1 << 20);
    ranges.keep(new IdRanges(1 << 20).take());
    assertEquals((1 << 20) + IdRanges.SIZE, base(ranges.take()));
  }

  @Test
  void mappingsOfTheClientsOwnChangeNothing() {
    IdRanges ranges = new IdRanges(1 << 20);
    IdMappings taken = ranges.take();
    List<IdMapping> foreign = List.of(new IdMapping(0, 1 << 20, 10));
    ranges.giveBack(new IdMappings(foreign, foreign));
    ranges.giveBack(null);
    assertEquals(base(taken) + IdRanges.SIZE, base(ranges.take()));
  }

  @Test
  void aRangeIsFreeWhenTheLastHasLeft() {
    IdRanges ranges = new IdRanges(0xffffffffL - 3L * IdRanges.SIZE);
    IdMappings shared = ranges.take();
    ranges.keep(shared);
    ranges.giveBack(shared);
    assertEquals(base(shared) + IdRanges.SIZE, base(ranges.take()));
    ranges.giveBack(shared);
    assertEquals(base(shared) + 2 * IdRanges.SIZE, base(ranges.take()));
    assertEquals(base(shared), base(ranges.take()), "when the others have had their turn");
  }

  @Test
  void aLookAtTheNextOneChangesNothing() {
    IdRanges ranges = new IdRanges(1 << 20);
    IdMappings seen = ranges.next();
    assertEquals(base(seen), base(ranges.next()));
    assertEquals(base(seen), base(ranges.take()));
  }

  @Test
  void theLastIdEndsIt() {
    IdRanges ranges = new IdRanges(0xffffffffL - 2L * IdRanges.SIZE);
    ranges.take();
    ranges.take();
    assertEquals(
        ErrorCode.LIMIT_EXCEEDED, assertThrows(SandboxException.class, ranges::take).code());
  }

  @Test
  void idsInsideAndOutside() {
    List<IdMapping> lines = List.of(new IdMapping(0, 1000, 10), new IdMapping(100, 5000, 1));
    IdMappings mappings = new IdMappings(lines, null);
    assertEquals(1009, HostIds.uid(mappings, 9));
    assertEquals(5000, HostIds.gid(mappings, 100));
    assertEquals(42, HostIds.uid(null, 42), "no user namespace: the same");
    assertThrows(SandboxException.class, () -> HostIds.uid(mappings, 10));
  }
}
