package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.Optional;

/** The eight namespaces of Linux (namespaces(7)). */
public enum NamespaceType {
  MOUNT("mnt", 0x00020000),
  PID("pid", 0x20000000),
  NETWORK("net", 0x40000000),
  IPC("ipc", 0x08000000),
  UTS("uts", 0x04000000),
  USER("user", 0x10000000),
  CGROUP("cgroup", 0x02000000),
  TIME("time", 0x00000080);

  private final String procName;
  private final int cloneFlag;

  NamespaceType(String procName, int cloneFlag) {
    this.procName = procName;
    this.cloneFlag = cloneFlag;
  }

  /** The name of the file under {@code /proc/PID/ns}. */
  public String procName() {
    return procName;
  }

  /**
   * {@code CLONE_NEW*} of clone(2), which is also the type that setns(2) and {@code NS_GET_NSTYPE}
   * speak of.
   */
  public int cloneFlag() {
    return cloneFlag;
  }

  /**
   * The word of the contract, which is the OCI runtime-spec's: {@code mount}, {@code network}, …
   */
  @JsonValue
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads the contract's word; empty if it is none. */
  public static Optional<NamespaceType> find(String word) {
    for (NamespaceType type : values()) {
      if (type.word().equals(word)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
