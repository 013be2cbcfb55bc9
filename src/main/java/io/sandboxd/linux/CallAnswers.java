package io.sandboxd.linux;

import io.sandboxd.linux.BpfGraph.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a filter makes of each call, as far as it depends on the architecture and the number. It is
 * found by asking, for each architecture, and for each number with which a jump begins to lead
 * elsewhere.
 */
final class CallAnswers {
  /**
   * Some tens of milliseconds. A program of libseccomp takes a fraction, even where it is a list.
   */
  private static final int MOST_STEPS = 10_000_000;

  private static final long NUMBERS = 1L << Integer.SIZE;
  private static final int NOT_KNOWN = -1;

  /**
   * Calls that have one answer, up to the next range.
   *
   * @param first the lowest number, which is unsigned
   * @param answer the place of the step that says it, or that begins to look at arguments
   */
  record Range(long first, int answer) {}

  private enum Loaded {
    NOTHING,
    NUMBER,
    ARCHITECTURE
  }

  private final BpfGraph graph;
  private final List<Range> ofOthers = new ArrayList<>();
  private final Map<Integer, List<Range>> ofArchitectures = new LinkedHashMap<>();

  /** Those that the filter compares with. */
  private final Set<Integer> architectures = new LinkedHashSet<>();

  /** The lowest number above the one asked for with which a jump led elsewhere. */
  private long next;

  private int steps;

  private CallAnswers(BpfGraph graph) {
    this.graph = graph;
  }

  /** Nothing if the filter does more than to compare, or takes too long. */
  static Optional<CallAnswers> of(BpfGraph graph) {
    CallAnswers answers = new CallAnswers(graph);
    return answers.ask() ? Optional.of(answers) : Optional.empty();
  }

  /** Of architectures that the filter does not know. */
  List<Range> ofOthers() {
    return ofOthers;
  }

  /** What differs from {@link #ofOthers}, in the order in which the filter compares. */
  Map<Integer, List<Range>> ofArchitectures() {
    return ofArchitectures;
  }

  private boolean ask() {
    boolean known = ask(null, ofOthers);
    for (int architecture : List.copyOf(architectures)) {
      List<Range> ranges = new ArrayList<>();
      known = known && ask(architecture, ranges);
      if (!ranges.equals(ofOthers)) {
        ofArchitectures.put(architecture, ranges);
      }
    }
    return known;
  }

  /**
   * @param architecture null for one that the filter does not know
   */
  private boolean ask(Integer architecture, List<Range> ranges) {
    int last = NOT_KNOWN;
    for (long number = 0; number < NUMBERS; number = next) {
      next = NUMBERS;
      int answer = answer(architecture, number);
      if (answer == NOT_KNOWN) {
        return false;
      }
      if (answer != last) {
        ranges.add(new Range(number, answer));
        last = answer;
      }
    }
    return true;
  }

  private int answer(Integer architecture, long number) {
    Loaded loaded = Loaded.NOTHING;
    int at = graph.start();
    for (; steps < MOST_STEPS; steps++) {
      Step step = graph.step(at);
      if (step.returns() || step.loadsArgument()) {
        return at;
      }
      if (step.loads()) {
        boolean numberOfCall = step.k() == BpfInstruction.NUMBER_OF_CALL;
        loaded = numberOfCall ? Loaded.NUMBER : Loaded.ARCHITECTURE;
        at = step.then();
      } else if (loaded == Loaded.NUMBER && step.compares()) {
        at = step.with((int) number);
        foresee(step, number);
      } else if (loaded == Loaded.ARCHITECTURE
          && step.operation() == BpfInstruction.JUMP_IF_EQUAL) {
        architectures.add(step.k());
        boolean same = architecture != null && architecture == step.k();
        at = same ? step.then() : step.otherwise();
      } else {
        break;
      }
    }
    return NOT_KNOWN;
  }

  private void foresee(Step comparison, long number) {
    long k = Integer.toUnsignedLong(comparison.k());
    boolean beyond = comparison.operation() == BpfInstruction.JUMP_IF_GREATER;
    if (number < k && !beyond) {
      next = Math.min(next, k);
    } else if (number <= k && comparison.operation() != BpfInstruction.JUMP_IF_GREATER_OR_EQUAL) {
      next = Math.min(next, k + 1);
    }
  }
}
