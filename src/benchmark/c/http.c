// Requests one after the other over a kept connection. An @ in one stands for the id that an answer
// before it gave.
#include <string.h>
#include <unistd.h>

#include "benchmark.h"
#include "connection.h"

static const char *path;
static char **requests; // method, path and body of each
static struct connection connection;

static void read_arguments(char **args) {
  path = args[0];
  requests = args + 1;
  int count = 0;
  while (requests[count]) count++;
  if (count == 0 || count % 3 != 0) give_up("a request is METHOD PATH BODY");
}

static void prepare(char **args) {
  read_arguments(args);
  connect_to(&connection, path);
}

static const char *with_id(char *text, const char *id) {
  char rest[TEXT_MAX], *at = strchr(text, '@');
  if (!at) return text;
  if (strlen(text) + strlen(id) > sizeof rest) give_up("a request is too long");
  strcpy(rest, at + 1);
  strcpy(stpcpy(at, id), rest);
  return text;
}

static int ask(char **request, long number) {
  send_request(&connection, request[0], with_id(numbered(0, request[1], number), connection.id),
               NULL, numbered(1, request[2], number));
  return read_answer(&connection);
}

static void perform(long number) {
  for (char **request = requests; *request; request += 3) {
    int status = ask(request, number);
    if (status < 200 || status > 299) {
      give_up("%s %s: %d: %s", request[0], request[1], status, connection.answer);
    }
  }
}

const struct work http_work = {"http", "SOCKET (METHOD PATH BODY)...", prepare, perform};

// Asks every 25 milliseconds: more would be a load for a daemon that is just starting.
static void perform_patiently(long number) {
  for (;; usleep(25000)) {
    if (!try_connect(&connection, path)) continue;
    int status = ask(requests, number);
    if (status >= 200 && status <= 299) return;
  }
}

const struct work await_work = {"await", "SOCKET METHOD PATH BODY", read_arguments,
                                perform_patiently};
