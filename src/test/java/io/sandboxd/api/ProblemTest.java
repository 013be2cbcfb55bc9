package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.json.SpecJson;
import jakarta.ws.rs.NotAllowedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ProblemTest {
  @Test
  void aRefusalKeepsItsSentenceAndFields() {
    JsonNode problem =
        json(Problem.of(SandboxException.invalid("root.path", "is no directory").with("errno", 2)));
    assertEquals(400, problem.path("status").asInt());
    assertEquals("invalid_spec", problem.path("code").asText());
    assertEquals("urn:sandboxd:problem:invalid_spec", problem.path("type").asText());
    assertEquals("root.path: is no directory", problem.path("detail").asText());
    assertEquals("root.path", problem.path("field").asText());
    assertEquals(2, problem.path("errno").asInt());
  }

  @Test
  void fieldsDoNotReplaceTheMembersThatEveryProblemHas() {
    JsonNode problem =
        json(Problem.of(SandboxException.wrongState("No.").with("status", "x").with("type", "y")));
    assertEquals(409, problem.path("status").asInt());
    assertEquals("urn:sandboxd:problem:wrong_state", problem.path("type").asText());
  }

  @Test
  void anUnexpectedFailureSaysNothingOfItsInside() {
    JsonNode problem = json(Problem.of(new IllegalStateException("secret")));
    assertEquals(500, problem.path("status").asInt());
    assertEquals("internal", problem.path("code").asText());
    assertFalse(problem.toString().contains("secret"), problem.toString());
    assertFalse(problem.path("id").asText().isEmpty());
  }

  @Test
  void theKernelsRefusalThatNobodyExpectedIsTheDaemonsFailure() {
    JsonNode problem = json(Problem.of(new ErrnoException("mount", "/x", Errno.EBUSY)));
    assertEquals(500, problem.path("status").asInt());
    assertEquals("mount", problem.path("syscall").asText());
    assertEquals("EBUSY", problem.path("errnoName").asText());
  }

  /** It may work later, as nothing is wrong with the request. */
  @Test
  void aShortageIsALimit() {
    List<Throwable> shortages =
        List.of(
            new ErrnoException("open", "/x", Errno.EMFILE),
            new ErrnoException("posix_spawn", null, Errno.EAGAIN),
            new ErrnoException("posix_spawn", null, Errno.ENOMEM),
            new UncheckedIOException(new IOException("No space left on device")),
            new UncheckedIOException(new FileSystemException("/x", null, "Too many open files")),
            new OutOfMemoryError("unable to create native thread"));
    for (Throwable shortage : shortages) {
      JsonNode problem = json(Problem.of(shortage));
      assertEquals(429, problem.path("status").asInt(), shortage::toString);
      assertEquals("limit_exceeded", problem.path("code").asText());
    }
    assertEquals(500, Problem.of(new UncheckedIOException(new IOException("?"))).status());
    assertEquals(500, Problem.of(new ErrnoException("read", null, Errno.EAGAIN)).status());
  }

  @Test
  void theFrameworksRefusalsKeepTheirStatus() {
    assertEquals(405, Problem.of(new NotAllowedException("GET")).status());
    assertEquals(ErrorCode.BUSY, Problem.of(new RejectedExecutionException()).code());
    assertEquals(ErrorCode.PAYLOAD_TOO_LARGE, Problem.of(431).code());
    assertEquals(431, Problem.of(431).status());
  }

  private static JsonNode json(Problem problem) {
    return SpecJson.readTree(problem.json());
  }
}
