package io.sandboxd.api;

import io.sandboxd.lifecycle.ExecProcess;
import io.sandboxd.lifecycle.KillSandbox;
import io.sandboxd.lifecycle.ReadOutput;
import io.sandboxd.process.OutputLog;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Signal;
import io.sandboxd.sandbox.rules.SpecValidator;
import io.smallrye.common.annotation.Blocking;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The processes of a sandbox as resources: they can be asked for while they run, and after they
 * have ended.
 */
@Path("/v1/sandboxes/{name}")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
public class ProcessResource {
  private static final int CHUNK = 64 * 1024;

  /** How long an answer waits for output that is not there yet. */
  private static final long FOLLOW_MILLIS = 500;

  /** The answer of a list. */
  public record ProcessList(List<ProcessStatus> processes) {}

  /** The answer of a wait. */
  public record Ended(ExitStatus exit) {}

  /** What a kill of one process says. */
  public record ProcessKill(Signal signal) {}

  private final SandboxRegistry registry;
  private final SpecValidator validator;
  private final ExecProcess exec;
  private final KillSandbox kill;
  private final ReadOutput output;
  private final Executor workers;

  ProcessResource(
      SandboxRegistry registry,
      SpecValidator validator,
      ExecProcess exec,
      KillSandbox kill,
      ReadOutput output,
      java.util.concurrent.ExecutorService workers) {
    this.registry = registry;
    this.validator = validator;
    this.exec = exec;
    this.kill = kill;
    this.output = output;
    this.workers = workers;
  }

  @POST
  @Path("exec")
  @Blocking
  public CompletionStage<Response> exec(@PathParam("name") String name, ExecRequest request) {
    validator.check(request, registry.get(name).status().spec());
    SandboxProcess process = exec.exec(name, request);
    if (!request.waits()) {
      URI location =
          URI.create(
              "/v1/sandboxes/" + process.sandbox().name() + "/processes/" + process.status().id());
      return CompletableFuture.completedFuture(
          Response.created(location).entity(process.status()).build());
    }
    return process
        .ended()
        .thenApplyAsync(
            ended -> Response.ok(output.result(process, (int) request.outputLimit())).build(),
            workers);
  }

  @GET
  @Path("processes")
  public ProcessList list(@PathParam("name") String name) {
    return new ProcessList(
        registry.get(name).processes().stream().map(SandboxProcess::status).toList());
  }

  @GET
  @Path("processes/{process}")
  public ProcessStatus inspect(
      @PathParam("name") String name, @PathParam("process") String process) {
    return registry.get(name).process(process).status();
  }

  @POST
  @Path("processes/{process}/kill")
  public void kill(
      @PathParam("name") String name,
      @PathParam("process") String process,
      ProcessKill request,
      @Context HttpServerRequest http) {
    kill.kill(name, new KillRequest(request.signal(), process, null), Peer.name(http));
  }

  @GET
  @Path("wait")
  public CompletionStage<Response> waitForMain(
      @PathParam("name") String name, @QueryParam("timeout") String timeout) {
    SandboxProcess main =
        registry
            .get(name)
            .main()
            .orElseThrow(
                () ->
                    SandboxException.wrongState(
                        "The main process of '"
                            + name
                            + "' has not been started: start it first."));
    return ended(main, timeout);
  }

  @GET
  @Path("processes/{process}/wait")
  public CompletionStage<Response> waitForProcess(
      @PathParam("name") String name,
      @PathParam("process") String process,
      @QueryParam("timeout") String timeout) {
    return ended(registry.get(name).process(process), timeout);
  }

  private CompletionStage<Response> ended(SandboxProcess process, String timeout) {
    CompletableFuture<ProcessStatus> end = process.ended();
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

  @GET
  @Path("processes/{process}/output")
  @Produces(MediaType.APPLICATION_OCTET_STREAM)
  @Blocking
  public CompletionStage<Response> output(
      @PathParam("name") String name,
      @PathParam("process") String process,
      @QueryParam("stream") String stream,
      @QueryParam("offset") String offset,
      @QueryParam("tail") String tail,
      @QueryParam("follow") String follow) {
    OutputLog.Stream which = stream(stream);
    Long from = Query.count("offset", offset);
    Long last = Query.count("tail", tail);
    ReadOutput.Part part = output.part(name, process, which, from, last);
    if (!Query.flag("follow", follow) || part.offset() < part.end()) {
      return CompletableFuture.completedFuture(bytes(part));
    }
    return registry
        .get(name)
        .process(process)
        .ended()
        .completeOnTimeout(null, FOLLOW_MILLIS, TimeUnit.MILLISECONDS)
        .thenApplyAsync(
            endedOrNot -> bytes(output.part(name, process, which, part.offset(), null)), workers);
  }

  private static Response bytes(ReadOutput.Part part) {
    StreamingOutput body =
        out -> {
          for (long at = part.offset(); at < part.end(); ) {
            byte[] bytes = part.log().read(at, (int) Math.min(CHUNK, part.end() - at));
            if (bytes.length == 0) {
              return;
            }
            out.write(bytes);
            at += bytes.length;
          }
        };
    return Response.ok(body).header("Sandboxd-Offset", part.offset()).build();
  }

  private static OutputLog.Stream stream(String word) {
    try {
      return word == null
          ? OutputLog.Stream.STDOUT
          : OutputLog.Stream.valueOf(word.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw SandboxException.invalid("stream", "must be stdout or stderr");
    }
  }
}
