package io.sandboxd.api;

import io.sandboxd.lifecycle.FindLeaks;
import io.sandboxd.sandbox.Leak;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;

/** What is on the host and should not be. */
@Path("/v1/system/leaks")
@Produces(MediaType.APPLICATION_JSON)
@Blocking
public class SystemResource {
  /** The answer of a search. */
  public record LeakList(List<Leak> leaks) {}

  /** The answer of a clean-up: what was found, and what of it is still there. */
  public record Reaped(List<Leak> reaped, List<Leak> left) {}

  private final FindLeaks leaks;

  SystemResource(FindLeaks leaks) {
    this.leaks = leaks;
  }

  @GET
  public LeakList find() {
    return new LeakList(leaks.find());
  }

  @POST
  @Path("reap")
  public Reaped reap() {
    List<Leak> found = leaks.reap();
    List<Leak> left = leaks.find();
    return new Reaped(found.stream().filter(leak -> !left.contains(leak)).toList(), left);
  }
}
