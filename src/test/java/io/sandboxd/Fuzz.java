package io.sandboxd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Feeds code with damaged copies of good inputs. It runs for {@code -Dsandboxd.fuzz.seconds} (may
 * be a fraction) for each target; {@code -Dsandboxd.fuzz.seed} repeats the inputs of a run.
 */
public final class Fuzz {
  /** What is to take anything, and throws only at what is a bug. */
  public interface Target {
    void take(byte[] input) throws Exception;
  }

  private static final double SECONDS =
      Double.parseDouble(System.getProperty("sandboxd.fuzz.seconds", "0.4"));

  private static final long SEED = Long.getLong("sandboxd.fuzz.seed", System.nanoTime());

  private static final ObjectMapper JSON = new ObjectMapper();

  /** At the edges of what is taken, or with a meaning to somebody. */
  private static final List<String> WORDS =
      List.of(
          "",
          " ",
          "0",
          "-1",
          "1",
          "00",
          "2147483648",
          "4294967295",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551616",
          "1e999",
          "-0",
          "0.5",
          "NaN",
          "null",
          "true",
          "/",
          "//",
          "..",
          "/../..",
          "/a/../b",
          ".",
          "\0",
          "\n",
          "\t",
          "%2f",
          "%00",
          "é",
          "\uD83D\uDE00",
          "\uD800",
          "host",
          "new",
          "sandbox:",
          "sandbox:x",
          "path:/",
          "pid:1",
          "max",
          "unlimited",
          "1Ki",
          "1h",
          "0-99999",
          "bytes=",
          "-",
          ",",
          ":",
          ":::::",
          "=",
          "{",
          "}",
          "[",
          "]",
          "\"",
          "\\",
          "\\040",
          "\\777",
          "KILL",
          "RTMAX-1",
          "CAP_",
          "ALL",
          "x".repeat(300),
          "[".repeat(64));

  private final Random random;
  private final List<byte[]> seeds;

  private Fuzz(long seed, List<byte[]> seeds) {
    this.random = new Random(seed);
    this.seeds = seeds;
  }

  /** With inputs that are damaged anywhere. */
  public static void bytes(String what, List<byte[]> seeds, Target target) {
    run(what, new Fuzz(SEED, seeds), false, target);
  }

  /** With text that is damaged anywhere. */
  public static void text(String what, List<String> seeds, Target target) {
    bytes(what, seeds.stream().map(each -> each.getBytes(StandardCharsets.UTF_8)).toList(), target);
  }

  /** Half of it with other values in the right places, so that more than a parser sees them. */
  public static void json(String what, List<byte[]> seeds, Target target) {
    run(what, new Fuzz(SEED, seeds), true, target);
  }

  private static void run(String what, Fuzz fuzz, boolean json, Target target) {
    long end = System.nanoTime() + (long) (SECONDS * TimeUnit.SECONDS.toNanos(1));
    long count = 0;
    do {
      byte[] input = json && fuzz.random.nextBoolean() ? fuzz.document() : fuzz.damaged();
      count++;
      try {
        target.take(input);
      } catch (Exception | StackOverflowError | AssertionError e) {
        throw new AssertionError(
            what
                + " fails at input "
                + count
                + " of -Dsandboxd.fuzz.seed="
                + SEED
                + ": "
                + Base64.getEncoder().encodeToString(input)
                + "\n"
                + new String(input, StandardCharsets.UTF_8),
            e);
      }
    } while (System.nanoTime() < end);
    System.out.printf("fuzz: %s took %d inputs of seed %d%n", what, count, SEED);
  }

  private byte[] seed() {
    return seeds.get(random.nextInt(seeds.size()));
  }

  private byte[] damaged() {
    byte[] input = seed().clone();
    for (int times = 1 + random.nextInt(4); times > 0; times--) {
      input = damage(input);
    }
    return input;
  }

  private byte[] damage(byte[] input) {
    int at = random.nextInt(input.length + 1);
    int end = at + random.nextInt(Math.min(input.length - at, 64) + 1);
    return switch (random.nextInt(7)) {
      case 0 -> {
        if (at < input.length) {
          input[at] ^= (byte) (1 << random.nextInt(8));
        }
        yield input;
      }
      case 1 -> {
        if (at < input.length) {
          input[at] = (byte) random.nextInt(256);
        }
        yield input;
      }
      case 2 -> spliced(input, at, input.length, new byte[0]);
      case 3 -> spliced(input, at, end, new byte[0]);
      case 4 -> {
        byte[] other = seed();
        int from = random.nextInt(other.length + 1);
        int count = random.nextInt(Math.min(other.length - from, 64) + 1);
        yield spliced(input, at, end, java.util.Arrays.copyOfRange(other, from, from + count));
      }
      case 5 -> spliced(input, at, at, java.util.Arrays.copyOfRange(input, at, end));
      default -> spliced(input, at, end, word().getBytes(StandardCharsets.UTF_8));
    };
  }

  private static byte[] spliced(byte[] input, int from, int to, byte[] piece) {
    byte[] result = new byte[input.length - (to - from) + piece.length];
    System.arraycopy(input, 0, result, 0, from);
    System.arraycopy(piece, 0, result, from, piece.length);
    System.arraycopy(input, to, result, from + piece.length, input.length - to);
    return result;
  }

  private String word() {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  private byte[] document() {
    try {
      JsonNode tree = JSON.readTree(seed());
      for (int times = 1 + random.nextInt(3); times > 0; times--) {
        change(tree);
      }
      return JSON.writeValueAsBytes(tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void change(JsonNode tree) throws IOException {
    List<JsonNode> containers = new ArrayList<>();
    collect(tree, containers);
    JsonNode chosen = containers.get(random.nextInt(containers.size()));
    if (chosen instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name =
          names.isEmpty() || random.nextInt(8) == 0
              ? word()
              : names.get(random.nextInt(names.size()));
      if (random.nextInt(4) == 0) {
        object.remove(name);
      } else {
        object.set(name, value(object.get(name)));
      }
    } else if (chosen instanceof ArrayNode array && !array.isEmpty() && random.nextInt(4) > 0) {
      int at = random.nextInt(array.size());
      array.set(at, value(array.get(at)));
    } else if (chosen instanceof ArrayNode array) {
      array.add(value(array.get(0)));
    }
  }

  private JsonNode value(JsonNode before) throws IOException {
    JsonNodeFactory make = JsonNodeFactory.instance;
    return switch (random.nextInt(7)) {
      case 0 -> make.numberNode(random.nextLong() >> random.nextInt(64));
      case 1 -> make.numberNode(new java.math.BigDecimal("1e" + random.nextInt(50)));
      case 2 -> make.nullNode();
      case 3 -> make.booleanNode(random.nextBoolean());
      case 4 -> {
        List<JsonNode> others = new ArrayList<>();
        collect(JSON.readTree(seed()), others);
        yield others.get(random.nextInt(others.size()));
      }
      case 5 ->
          before != null && before.isTextual()
              ? make.textNode(
                  new String(
                      damage(before.textValue().getBytes(StandardCharsets.UTF_8)),
                      StandardCharsets.UTF_8))
              : make.textNode(word());
      default -> make.textNode(word());
    };
  }

  private static void collect(JsonNode tree, List<JsonNode> into) {
    if (tree.isContainerNode()) {
      into.add(tree);
      tree.forEach(child -> collect(child, into));
    }
  }
}
