package io.sandboxd.api;

import io.sandboxd.sandbox.Version;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.Map;

/** What this daemon is, and what its host can do. */
@Path("/v1/info")
public class InfoResource {
  @GET
  public Map<String, Object> info() {
    return Map.of("version", Version.get());
  }
}
