package io.sandboxd.linux;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The packet filter, by commands as nft(8) has them. It is that of the network namespace which the
 * thread of the first command is in. Safe for use by many threads, one command at a time.
 *
 * <p>The library is loaded by the first command: who has no networks needs none.
 */
public final class Nftables {
  /** As the dynamic linker knows it. */
  public static final String LIBRARY = "libnftables.so.1";

  // Of nftables/libnftables.h.
  private static final int NFT_CTX_DEFAULT = 0;
  private static final int NFT_CTX_OUTPUT_JSON = 1 << 4;
  private static final int NFT_CTX_OUTPUT_NUMERIC_ALL = 0xf << 7;
  private static final int NFT_CTX_OUTPUT_TERSE = 1 << 11;
  private static final int NFT_CTX_INPUT_NO_DNS = 1;

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
  private static final int NETLINK_NETFILTER = 12;

  private final String name;
  private LibnftablesFunctions library;
  private Pointer context;

  /** Loads nothing yet. */
  public Nftables() {
    this(LIBRARY);
  }

  Nftables(String library) {
    this.name = library;
  }

  /**
   * Does all of the commands, or none: they are one transaction.
   *
   * @param commands each on a line of its own
   * @throws NftablesException if it does none
   * @throws SandboxException {@code launch_failed} if there is no libnftables
   */
  public synchronized void run(String commands) {
    run(commands, NFT_CTX_OUTPUT_NUMERIC_ALL);
  }

  /**
   * Lists something.
   *
   * @return as libnftables-json(5) has it, without the elements of sets
   * @throws NftablesException if it is not there
   * @throws SandboxException {@code launch_failed} if there is no libnftables
   */
  public synchronized String runJson(String command) {
    return run(command, NFT_CTX_OUTPUT_NUMERIC_ALL | NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_TERSE);
  }

  private String run(String commands, int flags) {
    open();
    library.nft_ctx_output_set_flags(context, flags);
    int result = library.nft_run_cmd_from_buffer(context, commands);
    // Both are emptied by being read.
    String said = library.nft_ctx_get_error_buffer(context);
    String output = library.nft_ctx_get_output_buffer(context);
    if (result != 0) {
      throw new NftablesException(said);
    }
    return output;
  }

  private void open() {
    if (context != null) {
      return;
    }
    load();
    requireSocket();
    Pointer made = library.nft_ctx_new(NFT_CTX_DEFAULT);
    if (made == null
        || library.nft_ctx_buffer_output(made) != 0
        || library.nft_ctx_buffer_error(made) != 0) {
      throw new NftablesException("no memory");
    }
    try {
      library.nft_ctx_input_set_flags(made, NFT_CTX_INPUT_NO_DNS);
    } catch (UnsatisfiedLinkError e) {
      // An older one. It looks up what is not an address, and all that we write is.
    }
    context = made;
  }

  private void load() {
    if (library != null) {
      return;
    }
    try {
      library = LibraryLoader.create(LibnftablesFunctions.class).load(name);
      // What is missing shows with the first call.
      library.close(-1);
    } catch (UnsatisfiedLinkError e) {
      library = null;
      throw new SandboxException(
          ErrorCode.LAUNCH_FAILED,
          "Networks take "
              + name
              + ", which is not on this host: install libnftables (Debian: libnftables1).",
          e);
    }
  }

  /** The library ends the whole process when it gets none. */
  private void requireSocket() {
    int socket = library.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER);
    if (socket < 0) {
      int errno = LastError.getLastError(Runtime.getRuntime(library));
      throw new ErrnoException("socket", "NETLINK_NETFILTER", errno);
    }
    library.close(socket);
  }
}
