package io.sandboxd.linux;

import jnr.ffi.Pointer;
import jnr.ffi.annotations.SaveError;

/**
 * The functions of libnftables (libnftables(3)), as jnr-ffi binds them by name, and two of the C
 * library it is linked with. Public only because the binding is generated code.
 */
public interface LibnftablesFunctions {
  Pointer nft_ctx_new(int flags);

  int nft_ctx_buffer_output(Pointer context);

  int nft_ctx_buffer_error(Pointer context);

  String nft_ctx_get_output_buffer(Pointer context);

  String nft_ctx_get_error_buffer(Pointer context);

  void nft_ctx_output_set_flags(Pointer context, int flags);

  /** Since 1.0.7. */
  int nft_ctx_input_set_flags(Pointer context, int flags);

  int nft_run_cmd_from_buffer(Pointer context, String commands);

  @SaveError
  int socket(int domain, int type, int protocol);

  int close(int fd);
}
