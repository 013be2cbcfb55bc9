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
      .resolve = K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(K_OPENAT2, root, *path ? path : ".", &how, sizeof how);
}

static int open_in_root(int root, const char *path, int flags) {
  return result_of("openat2", try_in_root(root, path, flags));
}

static int make_dir(int above, const char *name, unsigned mode) {
  mode_t masked = umask(0);
  int made = mkdirat(above, name, mode);
  umask(masked);
  return made < 0 && errno != EEXIST ? result_of("mkdirat", made) : 0;
}

static int make_dirs_in(int root, const char *path, unsigned mode) {
  char prefix[PATH_MAX];
  if (strlen(path) >= sizeof prefix) return refuse("openat2", ENAMETOOLONG);
  strcpy(prefix, path);
  OWNED above = open_in_root(root, "", O_DIRECTORY);
  if (above < 0) return -1;

  for (char *name = prefix, *end; *name; name = end) {
    while (*name == '/') name++;
    end = name + strcspn(name, "/");
    if (end == name) break;
    char after = *end;
    *end = 0;
    // Always the whole prefix from the root on, so that links and ".." on the way stay inside.
    int here = try_in_root(root, prefix, O_DIRECTORY);
    if (here < 0 && errno == ENOENT) {
      if (make_dir(above, name, mode) < 0) return -1;
      here = try_in_root(root, prefix, O_DIRECTORY);
    }
    if (result_of("openat2", here) < 0) return -1;
    close(above);
    above = here;
    *end = after;
  }
  return 0;
}

// Opens what is before the last name of a path, having made it if so wanted.
static int open_parent(int root, const char *path, const char **name, bool make) {
  char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  size_t size = slash ? (size_t)(slash - path) : 0;
  if (size >= sizeof parent) return refuse("openat2", ENAMETOOLONG);
  memcpy(parent, path, size);
  parent[size] = 0;
  *name = slash ? slash + 1 : path;
  if (make && make_dirs_in(root, parent, 0755) < 0) return -1;
  return open_in_root(root, parent, O_DIRECTORY);
}

int attach(const union argument *arg) {
  OWNED target = open_in_root((int)arg[1].number, arg[2].text, 0);
  if (target < 0) return -1;
  return result_of("move_mount", syscall(K_MOVE_MOUNT, arg[0].number, "", target, "",
                                         K_MOVE_MOUNT_F_EMPTY_PATH | K_MOVE_MOUNT_T_EMPTY_PATH));
}

int make_dirs(const union argument *arg) {
  return make_dirs_in((int)arg[0].number, arg[1].text, (unsigned)arg[2].number);
}

int make_file(const union argument *arg) {
  OWNED there = try_in_root((int)arg[0].number, arg[1].text, 0);
  if (there >= 0) return 0;
  if (errno != ENOENT) return result_of("openat2", there);
  const char *name;
  OWNED parent = open_parent((int)arg[0].number, arg[1].text, &name, true);
  if (parent < 0) return -1;
  int made = mknodat(parent, name, S_IFREG | 0644, 0);
  return made < 0 && errno == EEXIST ? 0 : result_of("mknodat", made);
}

int make_symlink(const union argument *arg) {
  const char *name;
  OWNED parent = open_parent((int)arg[0].number, arg[2].text, &name, false);
  if (parent < 0) return -1;
  int made = symlinkat(arg[1].text, parent, name);
  return made < 0 && errno == EEXIST ? 0 : result_of("symlinkat", made);
}
