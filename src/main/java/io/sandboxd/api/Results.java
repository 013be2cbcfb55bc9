package io.sandboxd.api;

import io.sandboxd.lifecycle.AwaitEnd;
import io.sandboxd.lifecycle.ReadOutput;
import io.sandboxd.lifecycle.StageTimes;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.json.SpecJson;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/** Answers when a process has ended: how, and what it wrote. */
@Singleton
final class Results {
  private final AwaitEnd await;
  private final ReadOutput output;
  private final Memory memory;
  private final Executor workers;

  Results(AwaitEnd await, ReadOutput output, Memory memory, ExecutorService workers) {
    this.await = await;
    this.output = output;
    this.memory = memory;
    this.workers = workers;
  }

  /**
   * To be asked by a worker, as it may take a moment.
   *
   * @param process that is {@link SandboxProcess#keepForAnswer kept for the answer}
   * @param most bytes of each output that the answer may have
   * @param then done by a worker when the answer is made, or cannot be, before it is given; not for
   *     who has gone
   */
  CompletionStage<RestResponse<JsonBodies.Written>> of(
      SandboxProcess process, long most, StageTimes times, RoutingContext http, Runnable then) {
    memory.expectAnswer(http);
    Function<ProcessStatus, RestResponse<JsonBodies.Written>> answer =
        ended -> {
          times.done("run");
          int limit = (int) Math.min(most, memory.mostOutput());
          try {
            byte[] result =
                memory.make(http, limit, bytes -> SpecJson.write(output.result(process, bytes)));
            times.done("output");
            return ResponseBuilder.ok(new JsonBodies.Written(result))
                .header(SandboxResource.SERVER_TIMING, times.header())
                .build();
          } finally {
            then.run();
          }
        };
    CompletableFuture<ProcessStatus> end = endOf(process, http);
    boolean soon = await.isSoon(process, end);
    return (soon ? end.thenApply(answer) : end.thenApplyAsync(answer, workers))
        .whenComplete((made, failure) -> process.answered())
        .exceptionally(failure -> forNobody(end, failure));
  }

  /** That its client has gone is no failure, and nobody reads the answer. */
  private static RestResponse<JsonBodies.Written> forNobody(
      CompletableFuture<?> end, Throwable failure) {
    if (end.isCancelled()) {
      return RestResponse.noContent();
    }
    throw failure instanceof CompletionException told ? told : new CompletionException(failure);
  }

  /** A client that goes away waits no longer; the process is not concerned. */
  static CompletableFuture<ProcessStatus> endOf(SandboxProcess process, RoutingContext http) {
    CompletableFuture<ProcessStatus> end = process.ended();
    http.response().closeHandler(gone -> end.cancel(false));
    return end;
  }
}
