/** Which system calls a process may make, from the words of a spec to a program for the kernel. */
package io.sandboxd.launch.filter;
