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

// Opens a directory, having made what is missing of it. Always by the whole path from the root on, so that links and ".."
// on the way stay inside; the longest first, as mostly all of it is there.
static int open_dirs(int root, const char *path, unsigned mode) {
  char prefix[PATH_MAX];
  size_t end = strlen(path);
  if (end >= sizeof prefix) return refuse("openat2", ENAMETOOLONG);
  strcpy(prefix, path);
  int here;
  while ((here = try_in_root(root, prefix, O_DIRECTORY)) < 0 && errno == ENOENT && end > 0) {
    while (end > 0 && prefix[end - 1] == '/') end--;
    while (end > 0 && prefix[end - 1] != '/') end--;
    prefix[end] = 0;
  }
  while (here >= 0 && path[end]) {
    OWNED above = here;
    size_t size = strcspn(path + end, "/"), slashes = strspn(path + end + size, "/");
    memcpy(prefix + end, path + end, size);
    prefix[end + size] = 0;
    if (make_dir(above, prefix + end, mode) < 0) return -1;
    here = try_in_root(root, prefix, O_DIRECTORY);
    memcpy(prefix + end + size, path + end + size, slashes);
    end += size + slashes;
    prefix[end] = 0;
  }
  return result_of("openat2", here);
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
  return make ? open_dirs(root, parent, 0755) : open_in_root(root, parent, O_DIRECTORY);
}

int attach(const union argument *arg) {
  OWNED target = open_in_root((int)arg[1].number, arg[2].text, 0);
  if (target < 0) return -1;
  return result_of("move_mount", syscall(K_MOVE_MOUNT, arg[0].number, "", target, "",
                                         K_MOVE_MOUNT_F_EMPTY_PATH | K_MOVE_MOUNT_T_EMPTY_PATH));
}

int make_dirs(const union argument *arg) {
  OWNED made = open_dirs((int)arg[0].number, arg[1].text, (unsigned)arg[2].number);
  return made < 0 ? -1 : 0;
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
