#include "plan.h"

#include <string.h>

#include "steps.h"

static bool take(struct plan *plan, void *to, size_t size) {
  if ((size_t)(plan->end - plan->at) < size) return false;
  memcpy(to, plan->at, size);
  plan->at += size;
  return true;
}

static bool take_text(struct plan *plan, const char **text) {
  uint32_t size;
  if (!take(plan, &size, sizeof size) || size == 0 || size > (size_t)(plan->end - plan->at)) {
    return false;
  }
  *text = (const char *)plan->at;
  plan->at += size;
  return memchr(*text, 0, size) == plan->at - 1;
}

static bool take_vector(struct plan *plan, struct vector *vector) {
  if (!take(plan, &vector->count, sizeof vector->count) || vector->count > VECTOR_MAX) return false;
  vector->at = plan->at;
  const char *ignored;
  for (uint32_t i = 0; i < vector->count; i++) {
    if (!take_text(plan, &ignored)) return false;
  }
  return true;
}

static bool take_bytes(struct plan *plan, struct bytes *bytes) {
  if (!take(plan, &bytes->size, sizeof bytes->size)) return false;
  if (bytes->size > (size_t)(plan->end - plan->at)) return false;
  bytes->at = plan->at;
  plan->at += bytes->size;
  return true;
}

static bool take_argument(struct plan *plan, char letter, union argument *arg) {
  if (letter == 's' || letter == 'e') return take_text(plan, &arg->text);
  if (letter == 'v') return take_vector(plan, &arg->vector);
  if (letter == 'b') return take_bytes(plan, &arg->bytes);
  if (!take(plan, &arg->number, sizeof arg->number)) return false;
  int64_t n = arg->number;
  switch (letter) {
    case 'f':
    case 'o': return n >= 0 && n < SLOTS;
    case 'F': return n >= -1 && n < SLOTS;
    case 'u': return n >= 0 && n <= UINT32_MAX;
    case 'd': return n >= 0 && n < UINT32_MAX; // the last one means "leave it" to the kernel
    default: return true;
  }
}

bool plan_open(struct plan *plan, const unsigned char *bytes, size_t size) {
  *plan = (struct plan){.at = bytes, .end = bytes + size};
  return take(plan, &plan->left, sizeof plan->left) && plan->left <= PLAN_STEPS_MAX;
}

bool plan_next(struct plan *plan, enum phase phase, struct step *step) {
  uint32_t opcode, size;
  if (!take(plan, &opcode, sizeof opcode) || !take(plan, &size, sizeof size)) return false;
  if (opcode >= OPCODES || !(operations[opcode].phases & phase)) return false;
  if (size > (size_t)(plan->end - plan->at)) return false;
  // EXEC does not come back, so nothing may follow it; a child that ran out of steps would be init.
  if (phase == PHASE_SPAWN && (opcode == OP_EXEC) != (plan->left == 1)) return false;

  struct plan own = {.at = plan->at, .end = plan->at + size};
  *step = (struct step){.operation = &operations[opcode]};
  const char *letters = step->operation->signature;
  for (int i = 0; letters[i]; i++) {
    if (!take_argument(&own, letters[i], &step->arg[i])) return false;
  }
  plan->at = own.at;
  plan->left--;
  return own.at == own.end;
}

int plan_check(const unsigned char *bytes, size_t size, enum phase phase) {
  struct plan plan;
  if (!plan_open(&plan, bytes, size)) return 0;
  if (phase == PHASE_SPAWN && plan.left == 0) return 0;
  int index = 0;
  for (struct step step; plan.left > 0; index++) {
    if (!plan_next(&plan, phase, &step)) return index;
  }
  return plan.at == plan.end ? NO_BAD_STEP : index;
}

const char *vector_next(struct vector *vector) {
  uint32_t size;
  memcpy(&size, vector->at, sizeof size);
  const char *text = (const char *)vector->at + sizeof size;
  vector->at += sizeof size + size;
  vector->count--;
  return text;
}
