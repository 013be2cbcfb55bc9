// For libFuzzer: whatever comes as a plan, the decoder stays within it, and a plan that it finds
// good can be read to its end.
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "steps.h"

static volatile size_t read_to_the_end;

static void read_all(const char *letters, union argument *arg) {
  for (int i = 0; letters[i]; i++) {
    if (letters[i] == 's' || letters[i] == 'e') read_to_the_end += strlen(arg[i].text);
    for (uint32_t at = 0; letters[i] == 'b' && at < arg[i].bytes.size; at++) {
      read_to_the_end += arg[i].bytes.at[at];
    }
    if (letters[i] != 'v') continue;
    while (arg[i].vector.count > 0) read_to_the_end += strlen(vector_next(&arg[i].vector));
  }
}

static void read_plan(const unsigned char *bytes, size_t size, enum phase phase) {
  int bad = plan_check(bytes, size, phase);
  if (bad < NO_BAD_STEP || bad > PLAN_STEPS_MAX) abort();
  if (bad != NO_BAD_STEP) return;
  struct plan plan;
  struct step step;
  if (!plan_open(&plan, bytes, size)) abort();
  while (plan.left > 0) {
    if (!plan_next(&plan, phase, &step)) abort();
    read_all(step.operation->signature, step.arg);
  }
  if (plan.at != plan.end) abort();
  // EXEC and nothing else ends the plan of a child.
  if (phase == PHASE_SPAWN && step.operation != &operations[OP_EXEC]) abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  read_plan(bytes, size, PHASE_RUN);
  // What is kept comes before the plan, which so begins at any address.
  if (size >= sizeof(int32_t)) {
    read_plan(bytes + sizeof(int32_t), size - sizeof(int32_t), PHASE_SPAWN);
  }
  return 0;
}
