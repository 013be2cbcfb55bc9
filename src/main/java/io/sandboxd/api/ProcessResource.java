package io.sandboxd.api;

import io.sandboxd.lifecycle.ExecProcess;
import io.sandboxd.lifecycle.KillSandbox;
import io.sandboxd.lifecycle.ResizeTerminal;
import io.sandboxd.lifecycle.StageTimes;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Signal;
import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.rules.SpecValidator;
import io.smallrye.common.annotation.Blocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/**
 * The processes of a sandbox as resources: they can be asked for while they run, and after they
 * have ended.
 */
@Path("/v1/sandboxes/{name}")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
public class ProcessResource {
  /** The answer of a list. */
  public record ProcessList(List<ProcessStatus> processes) {}

  /** The answer of a wait. */
  public record Ended(ExitStatus exit) {}

  /** What a kill of one process says. */
  public record ProcessKill(Signal signal) {}

  /** What a terminal is resized to. */
  public record WindowSize(Integer rows, Integer columns) {}

  private final SpecValidator validator;
  private final ExecProcess exec;
  private final KillSandbox kill;
  private final ResizeTerminal resize;
  private final Results results;
  private final Executor workers;

  ProcessResource(
      SpecValidator validator,
      ExecProcess exec,
      KillSandbox kill,
      ResizeTerminal resize,
      Results results,
      ExecutorService workers) {
    this.validator = validator;
    this.exec = exec;
    this.kill = kill;
    this.resize = resize;
    this.results = results;
    this.workers = workers;
  }

  @POST
  @Path("exec")
  @Blocking
  public CompletionStage<RestResponse<JsonBodies.Written>> exec(
      @HeaderParam(InputRoute.KEY_HEADER) String key,
      ExecRequest request,
      @Context RoutingContext http) {
    Call call = Call.of(http);
    StageTimes times = new StageTimes();
    validator.check(request, call.sandbox().status().spec());
    RequestKey same = Query.key(key) == null ? null : RequestKey.of(key, SpecJson.write(request));
    SandboxProcess process = exec.exec(call.sandbox(), request, same, call.caller(), times);
    call.about(process.status().id());
    if (!request.waits()) {
      URI location =
          URI.create(
              "/v1/sandboxes/" + process.sandbox().name() + "/processes/" + process.status().id());
      ProcessStatus status = same == null ? process.status() : process.status().asStarted();
      return CompletableFuture.completedFuture(
          ResponseBuilder.<JsonBodies.Written>created(location)
              .header(SandboxResource.SERVER_TIMING, times.header())
              .entity(new JsonBodies.Written(SpecJson.write(status)))
              .build());
    }
    return results.of(process, request.outputLimit(), times, http, () -> {});
  }

  @GET
  @Path("processes")
  public ProcessList list(@Context RoutingContext http) {
    return new ProcessList(
        Call.of(http).sandbox().processes().stream().map(SandboxProcess::status).toList());
  }

  @GET
  @Path("processes/{process}")
  public ProcessStatus inspect(@Context RoutingContext http) {
    return process(http).status();
  }

  @POST
  @Path("processes/{process}/kill")
  public void kill(ProcessKill request, @Context RoutingContext http) {
    Call call = Call.of(http);
    KillRequest one = new KillRequest(request.signal(), call.process(), null);
    kill.kill(call.sandbox(), one, call.peer().name());
  }

  @GET
  @Path("wait")
  public CompletionStage<Response> waitForMain(
      @QueryParam("timeout") String timeout, @Context RoutingContext http) {
    Sandbox sandbox = Call.of(http).sandbox();
    SandboxProcess main =
        sandbox
            .main()
            .orElseThrow(
                () ->
                    SandboxException.wrongState(
                        "The main process of '"
                            + sandbox.name()
                            + "' has not been started: start it first."));
    return ended(main, timeout, http);
  }

  @GET
  @Path("processes/{process}/wait")
  public CompletionStage<Response> waitForProcess(
      @QueryParam("timeout") String timeout, @Context RoutingContext http) {
    return ended(process(http), timeout, http);
  }

  private CompletionStage<Response> ended(
      SandboxProcess process, String timeout, RoutingContext http) {
    CompletableFuture<ProcessStatus> end = Results.endOf(process, http);
    if (timeout != null) {
      Duration limit = Query.duration("timeout", timeout);
      end.completeOnTimeout(null, limit.toMillis(), TimeUnit.MILLISECONDS);
    }
    return end.thenApplyAsync(
        status ->
            status == null
                ? Response.noContent().build()
                : Response.ok(new Ended(status.exit())).build(),
        workers);
  }

  @POST
  @Path("processes/{process}/resize")
  public void resize(WindowSize size, @Context RoutingContext http) {
    Call call = Call.of(http);
    resize.resize(call.sandbox(), call.process(), size.rows(), size.columns());
  }

  private static SandboxProcess process(RoutingContext http) {
    Call call = Call.of(http);
    return call.sandbox().process(call.process());
  }
}
