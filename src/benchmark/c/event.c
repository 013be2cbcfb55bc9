// From a request to the news that the process which it started has ended, at a client that follows
// what happens: as long as a request that waits for the end takes, and what telling it takes.
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "benchmark.h"
#include "connection.h"

static char **request; // method, path and body
static struct connection asking, following;

static void prepare(char **args) {
  request = args + 1;
  if (!args[1] || !args[2] || !args[3]) give_up("a request is METHOD PATH BODY");
  connect_to(&asking, args[0]);
  connect_to(&following, args[0]);
  // News that does not come is to be noticed.
  struct timeval patience = {.tv_sec = 10};
  must("setsockopt",
       setsockopt(following.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
  send_request(&following, "GET", "/v1/events?type=process.exited",
               "Accept: application/x-ndjson\r\n", "");
  while (*read_line(&following)) continue;
}

static void perform(long number) {
  send_request(&asking, request[0], numbered(0, request[1], number), NULL,
               numbered(1, request[2], number));
  int status = read_answer(&asking);
  if (status != 201) give_up("%s %s: %d: %s", request[0], request[1], status, asking.answer);
  char process[sizeof asking.id + 32];
  strcat(strcat(strcpy(process, "\"process\":{\"id\":\""), asking.id), "\"");
  // The sizes of chunks are lines of their own, as no chunk ends within an event.
  while (!strstr(read_line(&following), process)) continue;
}

const struct work event_work = {"event", "SOCKET METHOD PATH BODY", prepare, perform};
