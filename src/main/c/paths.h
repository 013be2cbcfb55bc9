// Steps with paths inside a root that may be hostile: no symbolic link in it leads out of it.
#pragma once

#include "plan.h"

// Puts a mount at the path in the root; at the root itself if the path is empty.
int attach(const union argument *arg);

// Makes the directory and those above it, as far as they are missing.
int make_dirs(const union argument *arg);

// Makes an empty file, and directories above it, unless something is there already.
int make_file(const union argument *arg);

// Makes a symbolic link, unless something is there already.
int make_symlink(const union argument *arg);
