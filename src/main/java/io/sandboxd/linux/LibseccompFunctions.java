package io.sandboxd.linux;

import jnr.ffi.Pointer;

/**
 * The functions of libseccomp (section 3 of its manual), as jnr-ffi binds them by name. What fails
 * answers a negative errno. Public only because the binding is generated code.
 */
public interface LibseccompFunctions {
  Pointer seccomp_init(int defaultAction);

  void seccomp_release(Pointer filter);

  int seccomp_attr_set(Pointer filter, int attribute, int value);

  int seccomp_arch_add(Pointer filter, int architecture);

  int seccomp_syscall_resolve_name(String name);

  int seccomp_rule_add_array(Pointer filter, int action, int syscall, int count, Pointer args);

  int seccomp_export_bpf(Pointer filter, int fd);
}
