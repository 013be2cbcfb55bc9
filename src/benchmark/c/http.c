// Requests over a kept connection to a Unix socket, by hand: what a client costs is next to nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "benchmark.h"

static const char *path;
static char **requests; // method, path and body of each
static int connection = -1;

static struct {
  char bytes[64 << 10];
  size_t at, size;
} received;

static bool try_connect(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) give_up("the path is too long: %s", path);
  strcpy(address.sun_path, path);
  if (connection >= 0) close(connection);
  connection = (int)must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  received.at = received.size = 0;
  return connect(connection, (struct sockaddr *)&address, sizeof address) == 0;
}

static void reconnect(void) {
  if (!try_connect()) must(path, -1);
}

static void read_arguments(char **args) {
  path = args[0];
  requests = args + 1;
  int count = 0;
  while (requests[count]) count++;
  if (count == 0 || count % 3 != 0) give_up("a request is METHOD PATH BODY");
}

static void prepare(char **args) {
  read_arguments(args);
  reconnect();
}

static void receive(void) {
  received.at = 0;
  received.size = (size_t)must("recv", recv(connection, received.bytes, sizeof received.bytes, 0));
  if (received.size == 0) give_up("the connection was closed");
}

static const char *receive_line(void) {
  static char line[TEXT_MAX];
  *line = 0;
  for (size_t size = 0; size < sizeof line - 1;) {
    if (received.at == received.size) receive();
    char c = received.bytes[received.at++];
    if (c == '\n') return line;
    if (c == '\r') continue;
    line[size++] = c;
    line[size] = 0;
  }
  give_up("a line of an answer is too long");
}

static void skip(size_t count) {
  while (count > 0) {
    if (received.at == received.size) receive();
    size_t there = received.size - received.at, part = count < there ? count : there;
    received.at += part;
    count -= part;
  }
}

static void skip_chunks(void) {
  for (size_t size; (size = strtoul(receive_line(), NULL, 16)) > 0;) skip(size + strlen("\r\n"));
  while (*receive_line()) continue;
}

// Gives the status; of an answer that is no success, what it says is then still in `received`.
static int read_answer(void) {
  int status = 0;
  size_t size = 0;
  bool chunked = false, closed = false;
  sscanf(receive_line(), "HTTP/1.1 %d", &status);
  for (const char *line; *(line = receive_line());) {
    if (strncasecmp(line, "content-length:", 15) == 0) size = strtoul(line + 15, NULL, 10);
    if (strcasecmp(line, "transfer-encoding: chunked") == 0) chunked = true;
    if (strcasecmp(line, "connection: close") == 0) closed = true;
  }
  if (status < 200 || status > 299) return status;
  if (chunked) skip_chunks();
  else skip(size);
  if (closed) reconnect();
  return status;
}

static int ask(char **request, long number) {
  static char text[3 * TEXT_MAX];
  const char *body = numbered(1, request[2], number);
  int size = snprintf(text, sizeof text,
                      "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Content-Length: %zu\r\n\r\n%s",
                      request[0], numbered(0, request[1], number), strlen(body), body);
  if (size < 0 || (size_t)size >= sizeof text) give_up("a request is too long");
  for (int sent = 0; sent < size;) {
    sent += (int)must("send", send(connection, text + sent, (size_t)(size - sent), 0));
  }
  return read_answer();
}

static void perform(long number) {
  for (char **request = requests; *request; request += 3) {
    int status = ask(request, number);
    if (status >= 200 && status <= 299) continue;
    if (received.at == received.size) receive();
    give_up("%s %s: %d: %.*s", request[0], request[1], status,
            (int)(received.size - received.at), received.bytes + received.at);
  }
}

const struct work http_work = {"http", "SOCKET (METHOD PATH BODY)...", prepare, perform};

// Asks every ten milliseconds: more would be a load for a daemon that is just starting.
static void perform_patiently(long number) {
  for (;; usleep(10000)) {
    if (!try_connect()) continue;
    int status = ask(requests, number);
    if (status >= 200 && status <= 299) return;
  }
}

const struct work await_work = {"await", "SOCKET METHOD PATH BODY", read_arguments,
                                perform_patiently};
