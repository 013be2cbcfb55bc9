// Paths inside a root that may be hostile: no symbolic link in it leads out of it.
#ifndef SANDBOX_INIT_PATHS_H
#define SANDBOX_INIT_PATHS_H

// All of these note the system call that failed, and then answer -1.

// An O_PATH descriptor of the path in the root; the root itself if the path is empty.
int open_in_root(int root, const char *path, int flags);

// Makes the directory and those above it, as far as they are missing.
int make_dirs_in_root(int root, const char *path, unsigned mode);

// Makes an empty file, and directories above it, unless something is there already.
int make_file_in_root(int root, const char *path);

// Makes a symbolic link, unless something is there already.
int symlink_in_root(int root, const char *text, const char *path);

#endif
