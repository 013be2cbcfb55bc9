package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That no user has all connections, nor all users together. */
class ConnectionSharesIT {
  private static final String EACH = "sandboxd.max-connections-per-user";
  private static final String ALL = "sandboxd.max-connections";

  private static void refused(User user, String setting) {
    await().until(() -> user.get("/v1/info").status() == 429);
    User.Answer answer = user.get("/v1/info").expect(429);
    assertEquals("limit_exceeded", answer.json().path("code").asText());
    assertEquals(setting, answer.json().path("setting").asText());
  }

  private static void letGo(List<Process> held) throws InterruptedException {
    for (Process process : held) {
      process.destroy();
      process.waitFor();
    }
  }

  @Test
  void aUserHasAShareAndTheOthersHaveTheirs() throws Exception {
    try (Neighbours all = new Neighbours("max-connections-per-user", "3")) {
      List<Process> held = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        held.add(all.alice.follow("/v1/events"));
      }
      refused(all.alice, EACH);
      all.bob.get("/v1/info").expect(200);
      all.carol.get("/v1/info").expect(200);
      letGo(held);
      await().until(() -> all.alice.get("/v1/info").status() == 200);
    }
  }

  @Test
  void whenUsersHaveTakenAllAdminsAreStillLetIn() throws Exception {
    try (Neighbours all =
        new Neighbours("max-connections", "16", "max-connections-per-user", "16")) {
      List<Process> held = new ArrayList<>();
      for (int i = 0; i < 14; i++) {
        held.add(all.alice.follow("/v1/events"));
      }
      refused(all.bob, ALL);
      all.carol.get("/v1/info").expect(200);
      all.daemon().given().get("/v1/info").then().statusCode(200);
      letGo(held);
      await().until(() -> all.bob.get("/v1/info").status() == 200);
    }
  }
}
