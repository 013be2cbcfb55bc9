package io.sandboxd.api;

import io.sandboxd.lifecycle.RunSandbox;
import io.sandboxd.lifecycle.StageTimes;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.rules.SpecValidator;
import io.smallrye.common.annotation.Blocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.concurrent.CompletionStage;
import org.jboss.resteasy.reactive.RestResponse;

/** One command from its sandbox's making to its removal, as one request. */
@Path("/v1/run")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
public class RunResource {
  private final SpecValidator validator;
  private final RunSandbox run;
  private final Results results;

  RunResource(SpecValidator validator, RunSandbox run, Results results) {
    this.validator = validator;
    this.run = run;
    this.results = results;
  }

  @POST
  @Blocking
  public CompletionStage<RestResponse<JsonBodies.Written>> run(
      SandboxSpec spec, @QueryParam("maxOutput") String maxOutput, @Context RoutingContext http) {
    Call call = Call.of(http);
    StageTimes times = new StageTimes();
    if (http.request().getHeader(InputRoute.KEY_HEADER) != null) {
      throw SandboxException.invalid(
          InputRoute.KEY_HEADER,
          "cannot be given: nothing is kept that a repeat could be answered with; create, start and"
              + " wait instead");
    }
    long most = ExecRequest.outputLimit(Query.size("maxOutput", maxOutput));
    validator.checkRun(spec, most);
    SandboxProcess main = run.run(spec, most, call.caller(), times);
    Sandbox sandbox = main.sandbox();
    call.about(sandbox);
    call.about(main.status().id());
    // Answered, failed or left by its client.
    Call.whenOver(http, () -> run.end(sandbox));
    return results.of(main, most, times, http, () -> run.finish(sandbox));
  }
}
