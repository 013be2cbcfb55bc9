package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.sandbox.Caller;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SharesTest {
  private static final Caller ROOT = Caller.of(0, 0, Set.of(), 1, null);
  private static final Caller ONE = Caller.of(1, 1, Set.of(), 1, null);
  private static final Caller OTHER = Caller.of(2, 1, Set.of(), 1, null);

  private final Shares shares = new Shares(80, 50);

  @Test
  void aUserGetsNoMoreThanAShare() {
    assertEquals(Shares.Grant.GRANTED, shares.take(ONE, 50));
    assertEquals(Shares.Grant.OWN_SHARE_TAKEN, shares.take(ONE, 1));
    shares.give(ONE, 10);
    assertEquals(Shares.Grant.GRANTED, shares.take(ONE, 10));
  }

  @Test
  void usersTogetherLeaveAnEighth() {
    shares.take(ONE, 50);
    assertEquals(Shares.Grant.GRANTED, shares.take(OTHER, 20));
    assertEquals(Shares.Grant.ALL_TAKEN, shares.take(OTHER, 1));
    assertEquals(Shares.Grant.GRANTED, shares.take(ROOT, 10));
    assertEquals(Shares.Grant.ALL_TAKEN, shares.take(ROOT, 1));
  }

  @Test
  void whatIsGivenBackIsThereForOthers() {
    shares.take(ONE, 50);
    shares.give(ONE, 50);
    assertEquals(Shares.Grant.GRANTED, shares.take(ROOT, 80));
    assertEquals(Shares.Grant.ALL_TAKEN, shares.take(ONE, 1));
  }
}
