package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.sandboxd.network.Wires;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may do what with networks: the host's belong to admins, the cables to who has the ends. */
class NetworkRightsIT {
  private static Wires wires;
  private static Neighbours here;

  @BeforeAll
  static void start() throws IOException {
    wires = new Wires();
    here = new Neighbours(List.of("nsenter", "--net=" + wires.host().path()));
    for (String name : List.of("shared", "private")) {
      here.daemon()
          .given()
          .body(json("name", name, "shared", name.equals("shared")))
          .post("/v1/networks")
          .then()
          .statusCode(201);
    }
  }

  @AfterAll
  static void end() throws IOException {
    if (here != null) {
      here.daemon().deleteAll();
      here.daemon().given().delete("/v1/networks/shared").then().statusCode(204);
      here.daemon().given().delete("/v1/networks/private").then().statusCode(204);
      here.daemon().close();
    }
    if (wires != null) {
      wires.close();
    }
  }

  private static Map<String, Object> member(String name, String network, int port) {
    return json(
        "name",
        name,
        "network",
        json("networks", Town.named(network), "ports", List.of(json("hostPort", port))));
  }

  @Test
  void networksAreForAdmins() {
    assertEquals(403, here.alice.post("/v1/networks", json("name", "mine")).status());
    assertEquals(403, here.alice.delete("/v1/networks/shared").status());
    assertEquals(1, here.alice.get("/v1/networks").json().path("networks").size());
    assertEquals(404, here.alice.get("/v1/networks/private").status());
    assertEquals(2, here.carol.get("/v1/networks").json().path("networks").size());
  }

  @Test
  void othersAreInSharedOnesAndHaveNoPrivilegedPorts() {
    assertEquals(400, here.alice.post("/v1/sandboxes", member("a", "private", 8080)).status());
    assertEquals(
        400, here.alice.post("/v1/sandboxes?dryRun=true", member("a", "private", 8080)).status());
    here.alice
        .post("/v1/sandboxes", member("a", "shared", 80))
        .refused("network.ports[0].hostPort", "admin-group");
    assertEquals(201, here.alice.post("/v1/sandboxes", member("a", "shared", 8080)).status());
    assertEquals(201, here.bob.post("/v1/sandboxes", member("b", "shared", 8081)).status());
    JsonNode seen = here.alice.get("/v1/networks/shared").json().path("members");
    assertEquals(1, seen.size(), "who else is in it is nobody's business");
    assertEquals("a", seen.path(0).path("sandbox").asText());

    Map<String, Object> toBob =
        json(
            "ends",
            List.of(
                json("sandbox", "a", "interface", "x"), json("sandbox", "b", "interface", "x")));
    assertEquals(400, here.alice.post("/v1/links", toBob).status(), "b is not there for alice");
    assertEquals(201, here.alice.post("/v1/sandboxes", json("name", "a2")).status());
    Map<String, Object> own =
        json(
            "name",
            "own",
            "ends",
            List.of(
                json("sandbox", "a", "interface", "x"), json("sandbox", "a2", "interface", "x")));
    assertEquals(201, here.alice.post("/v1/links", own).status());
    assertEquals(404, here.bob.get("/v1/links/own").status());
    assertEquals(404, here.bob.delete("/v1/links/own").status());
    assertEquals(204, here.carol.delete("/v1/links/own").status());
  }
}
