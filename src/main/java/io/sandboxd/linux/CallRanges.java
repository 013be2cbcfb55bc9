package io.sandboxd.linux;

import io.sandboxd.linux.BackwardProgram.Target;
import io.sandboxd.linux.BpfGraph.Step;
import io.sandboxd.linux.CallAnswers.Range;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a filter again so that it answers the same with fewer instructions. libseccomp compares
 * with every call of a profile, while calls that have one answer are mostly numbered in a row. Each
 * instruction costs the kernel time whenever a process takes the filter on: it translates the
 * program twice, and then works out the answers to all calls.
 */
final class CallRanges {
  /** In one region, as they are asked for one after the other. */
  private static final int MOST_EXCEPTIONS = 3;

  /** Calls that have one answer but for a few single ones. */
  private record Region(long first, int answer, List<Range> exceptions) {}

  private final BpfGraph graph;
  private final CallAnswers answers;
  private final BackwardProgram program = new BackwardProgram();

  /** By the places of steps. */
  private final Target[] targets;

  private CallRanges(BpfGraph graph, CallAnswers answers) {
    this.graph = graph;
    this.answers = answers;
    this.targets = new Target[graph.size()];
  }

  /** The same program if it does what is not known here, or would not get smaller. */
  static byte[] compact(byte[] program) {
    byte[] compact =
        BpfGraph.read(program)
            .flatMap(
                graph ->
                    CallAnswers.of(graph).map(answers -> new CallRanges(graph, answers).write()))
            .orElse(program);
    return compact.length < program.length ? compact : program;
  }

  private byte[] write() {
    writeChecks();
    Target start = writeSearch(answers.ofOthers());
    List<Integer> architectures = new ArrayList<>(answers.ofArchitectures().keySet());
    List<Target> searches = new ArrayList<>();
    for (int architecture : architectures) {
      searches.add(writeSearch(answers.ofArchitectures().get(architecture)));
    }
    for (int i = architectures.size() - 1; i >= 0; i--) {
      int architecture = architectures.get(i);
      start = program.jump(BpfInstruction.JUMP_IF_EQUAL, architecture, searches.get(i), start);
    }
    if (!architectures.isEmpty()) {
      start = program.plain(BpfInstruction.LOAD_WORD, BpfInstruction.ARCHITECTURE, start);
    }
    return program.from(start);
  }

  /** What looks at arguments begins with a load, so it can stay as it is. */
  private void writeChecks() {
    boolean[] needed = new boolean[graph.size()];
    answers.ofOthers().forEach(range -> needed[range.answer()] = true);
    for (List<Range> ranges : answers.ofArchitectures().values()) {
      ranges.forEach(range -> needed[range.answer()] = true);
    }
    for (int at = 0; at < needed.length; at++) {
      if (needed[at] && !graph.step(at).returns()) {
        Step step = graph.step(at);
        needed[step.then()] = true;
        needed[step.jumps() ? step.otherwise() : step.then()] = true;
      }
    }
    for (int at = needed.length - 1; at >= 0; at--) {
      if (needed[at]) {
        targets[at] = writeStep(graph.step(at));
      }
    }
  }

  private Target writeStep(Step step) {
    if (step.returns()) {
      return program.returns(step.k());
    }
    Target then = targets[step.then()];
    return step.jumps()
        ? program.jump(step.operation(), step.k(), then, targets[step.otherwise()])
        : program.plain(step.operation(), step.k(), then);
  }

  private Target writeSearch(List<Range> ranges) {
    Target search = writeSearchOf(regions(ranges));
    return ranges.size() == 1
        ? search
        : program.plain(BpfInstruction.LOAD_WORD, BpfInstruction.NUMBER_OF_CALL, search);
  }

  /**
   * A single call among others of one answer is an exception: to ask for it takes one instruction,
   * and to ask where the others end and begin again would take two.
   */
  private static List<Region> regions(List<Range> ranges) {
    List<Region> regions = new ArrayList<>();
    for (int i = 0; i < ranges.size(); i++) {
      Range range = ranges.get(i);
      Region last = regions.isEmpty() ? null : regions.get(regions.size() - 1);
      boolean exception =
          last != null
              && i + 1 < ranges.size()
              && ranges.get(i + 1).first() == range.first() + 1
              && ranges.get(i + 1).answer() == last.answer();
      if (!exception) {
        regions.add(new Region(range.first(), range.answer(), new ArrayList<>()));
        continue;
      }
      if (last.exceptions().size() == MOST_EXCEPTIONS) {
        last = new Region(range.first(), last.answer(), new ArrayList<>());
        regions.add(last);
      }
      last.exceptions().add(range);
      i++; // the range behind it is more of the region
    }
    return regions;
  }

  private Target writeSearchOf(List<Region> regions) {
    if (regions.size() > 1) {
      int middle = regions.size() / 2;
      Target upper = writeSearchOf(regions.subList(middle, regions.size()));
      Target lower = writeSearchOf(regions.subList(0, middle));
      int first = (int) regions.get(middle).first();
      return program.jump(BpfInstruction.JUMP_IF_GREATER_OR_EQUAL, first, upper, lower);
    }
    Region region = regions.get(0);
    Target search = targets[region.answer()];
    for (Range exception : region.exceptions()) {
      Target other = targets[exception.answer()];
      search = program.jump(BpfInstruction.JUMP_IF_EQUAL, (int) exception.first(), other, search);
    }
    return search;
  }
}
