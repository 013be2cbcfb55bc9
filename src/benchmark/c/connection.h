// A kept connection to a Unix socket, and HTTP by hand: what a client costs is next to nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct connection {
  const char *path;
  int fd;
  char bytes[64 << 10]; // received, and from `at` on not yet looked at
  size_t at, size;
  char answer[512]; // how the body of the last answer begins
  char id[128];     // the first "id" in it, or in that of an answer before
};

bool try_connect(struct connection *connection, const char *path);
void connect_to(struct connection *connection, const char *path);

// The headers end with a line's end each; NULL stands for none.
void send_request(struct connection *connection, const char *method, const char *target,
                  const char *headers, const char *body);

// Gives the status.
int read_answer(struct connection *connection);

// Without what ends it, until the next call.
const char *read_line(struct connection *connection);
