#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"
#include "steps.h"

static int try_in_root(int root, const char *path, int flags) {
  struct kernel_open_how how = {
      .flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
      .resolve = KERNEL_RESOLVE_IN_ROOT | KERNEL_RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

int open_in_root(int root, const char *path, int flags) {
  return result_of("openat2", try_in_root(root, path, flags));
}

// Splits a path into the part before its last name, which is opened (and made, if so wanted), and
// that name.
static int open_parent(int root, const char *path, const char **name, bool make) {
  char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  size_t size = slash ? (size_t)(slash - path) : 0;
  if (size >= sizeof parent) {
    errno = ENAMETOOLONG;
    return result_of("openat2", -1);
  }
  memcpy(parent, path, size);
  parent[size] = 0;
  *name = slash ? slash + 1 : path;
  if (make && make_dirs_in_root(root, parent, 0755) < 0) return -1;
  return open_in_root(root, parent, O_DIRECTORY);
}

int make_dirs_in_root(int root, const char *path, unsigned mode) {
  char prefix[PATH_MAX];
  if (strlen(path) >= sizeof prefix) {
    errno = ENAMETOOLONG;
    return result_of("openat2", -1);
  }
  strcpy(prefix, path);
  int above = open_in_root(root, "", O_DIRECTORY);
  if (above < 0) return -1;

  for (char *name = prefix, *end; *name; name = end) {
    while (*name == '/') name++;
    for (end = name; *end && *end != '/';) end++;
    if (end == name) break;
    char after = *end;
    *end = 0;
    // Always the whole prefix from the root on, so that links and ".." on the way stay inside.
    int here = try_in_root(root, prefix, O_DIRECTORY);
    if (here < 0 && errno == ENOENT) {
      mode_t masked = umask(0);
      int made = mkdirat(above, name, mode);
      umask(masked);
      if (made < 0 && errno != EEXIST) {
        result_of("mkdirat", -1);
        close(above);
        return -1;
      }
      here = try_in_root(root, prefix, O_DIRECTORY);
    }
    result_of("openat2", here);
    close(above);
    if (here < 0) return -1;
    above = here;
    *end = after;
  }
  close(above);
  return 0;
}

int make_file_in_root(int root, const char *path) {
  int there = try_in_root(root, path, 0);
  if (there >= 0) return close(there);
  if (errno != ENOENT) return result_of("openat2", -1);
  const char *name;
  int parent = open_parent(root, path, &name, true);
  if (parent < 0) return -1;
  int made = mknodat(parent, name, S_IFREG | 0644, 0);
  if (made < 0 && errno == EEXIST) made = 0;
  result_of("mknodat", made);
  close(parent);
  return made;
}

int symlink_in_root(int root, const char *text, const char *path) {
  const char *name;
  int parent = open_parent(root, path, &name, false);
  if (parent < 0) return -1;
  int made = symlinkat(text, parent, name);
  if (made < 0 && errno == EEXIST) made = 0;
  result_of("symlinkat", made);
  close(parent);
  return made;
}
