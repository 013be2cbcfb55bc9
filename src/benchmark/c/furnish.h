// The inside of a plain sandbox.
#pragma once

// From a detached mount to the root of the calling process, with all that a sandbox has mounted.
void furnish(int root);

// Flags of mount_setattr and fsmount, and commands of the calls below, which headers may not know.
enum {
  ATTR_READONLY = 1, ATTR_NOSUID = 2, ATTR_NODEV = 4, ATTR_NOEXEC = 8, ATTR_IDMAP = 0x100000,
  ATTR_SEALED = ATTR_READONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC,
  ATTR_PLAIN = ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC,
};

int copy_mount(const char *path, int flags);
void change_mount(int mount, int flags, unsigned long set, unsigned long propagation);
