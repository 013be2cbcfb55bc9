package io.sandboxd.linux;

/** What nftables would not do, in its own words. */
public final class NftablesException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST = 2_000;

  NftablesException(String said) {
    super(
        "nftables: " + said.substring(0, Math.min(said.length(), LONGEST)).replaceAll("\\s+", " "));
  }
}
