/**
 * Control groups: one directory per sandbox in each hierarchy the host has, the limits written
 * there and the figures read from there.
 *
 * <p>{@link io.sandboxd.cgroup.Cgroups} is found once, at start, and knows the host: pure cgroup v2
 * ("unified"), v1 hierarchies ("legacy"), or both ("hybrid"). It hands out one {@link
 * io.sandboxd.cgroup.Cgroup} per sandbox. Each {@code Controller} has an implementation for either
 * version, chosen per controller, so that any mixture of a hybrid host works. Where there is a
 * cgroup2 hierarchy a sandbox always gets a directory in it, even when every controller is on v1:
 * it alone offers kill, an honest freeze, change events and pressure.
 *
 * <p>A process with limits of its own gets a group below its sandbox's, again in each hierarchy.
 * Where cgroup2 has the controllers for it, the sandbox's other processes then live in a leaf
 * beside it: see {@code Division}.
 *
 * <p>Sources: the kernel's admin-guide/cgroup-v2 and admin-guide/cgroup-v1, cgroups(7).
 */
package io.sandboxd.cgroup;
