#include "connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "benchmark.h"

struct head {
  int status;
  size_t size;
  bool sized, chunked, closed;
};

bool try_connect(struct connection *connection, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) give_up("the path is too long: %s", path);
  strcpy(address.sun_path, path);
  if (connection->path) close(connection->fd);
  connection->path = path;
  connection->fd = (int)must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  connection->at = connection->size = 0;
  return connect(connection->fd, (struct sockaddr *)&address, sizeof address) == 0;
}

void connect_to(struct connection *connection, const char *path) {
  if (!try_connect(connection, path)) must(path, -1);
}

// Gives false at the end.
static bool receive(struct connection *from) {
  from->at = 0;
  from->size = (size_t)must("recv", recv(from->fd, from->bytes, sizeof from->bytes, 0));
  return from->size > 0;
}

static void receive_more(struct connection *from) {
  if (!receive(from)) give_up("the connection was closed");
}

const char *read_line(struct connection *from) {
  static char line[TEXT_MAX];
  *line = 0;
  for (size_t size = 0; size < sizeof line - 1;) {
    if (from->at == from->size) receive_more(from);
    char c = from->bytes[from->at++];
    if (c == '\n') return line;
    if (c == '\r') continue;
    line[size++] = c;
    line[size] = 0;
  }
  give_up("a line of an answer is too long");
}

// Of the bytes that are there.
static size_t take(struct connection *from, size_t most) {
  size_t there = from->size - from->at, part = most < there ? most : there;
  size_t kept = strlen(from->answer), room = sizeof from->answer - 1 - kept;
  size_t copied = part < room ? part : room;
  memcpy(from->answer + kept, from->bytes + from->at, copied);
  from->answer[kept + copied] = 0;
  from->at += part;
  return part;
}

static void read_bytes(struct connection *from, size_t count) {
  while (count > 0) {
    if (from->at == from->size) receive_more(from);
    count -= take(from, count);
  }
}

static void read_chunks(struct connection *from) {
  for (size_t size; (size = strtoul(read_line(from), NULL, 16)) > 0;) {
    read_bytes(from, size);
    read_line(from);
  }
  while (*read_line(from)) continue;
}

static void read_to_the_end(struct connection *from) {
  do take(from, sizeof from->bytes);
  while (receive(from));
}

static struct head read_head(struct connection *from) {
  struct head head = {0};
  sscanf(read_line(from), "HTTP/1.1 %d", &head.status);
  for (const char *line; *(line = read_line(from));) {
    if (strncasecmp(line, "content-length:", 15) == 0) {
      head.size = strtoul(line + 15, NULL, 10);
      head.sized = true;
    }
    if (strcasecmp(line, "transfer-encoding: chunked") == 0) head.chunked = true;
    if (strcasecmp(line, "connection: close") == 0) head.closed = true;
  }
  return head;
}

int read_answer(struct connection *from) {
  struct head head = read_head(from);
  bool unbounded = !head.sized && !head.chunked && head.status != 204;
  *from->answer = 0;
  if (head.chunked) read_chunks(from);
  else if (unbounded) read_to_the_end(from);
  else read_bytes(from, head.size);
  const char *id = strcasestr(from->answer, "\"id\":\"");
  if (id) sscanf(id, "%*6c%127[^\"]", from->id);
  if (head.closed || unbounded) connect_to(from, from->path);
  return head.status;
}

void send_request(struct connection *to, const char *method, const char *target,
                  const char *headers, const char *body) {
  static char text[3 * TEXT_MAX];
  int size = snprintf(text, sizeof text,
                      "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "%sContent-Length: %zu\r\n\r\n%s",
                      method, target, headers ? headers : "", strlen(body), body);
  if (size < 0 || (size_t)size >= sizeof text) give_up("a request is too long");
  for (int sent = 0; sent < size;) {
    sent += (int)must("send", send(to->fd, text + sent, (size_t)(size - sent), 0));
  }
}
