package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.StoredForm;
import java.io.IOException;

/** The JSON of the daemon's own files: the contract's, with what is not shown to clients. */
public final class StoredJson {
  private static final ObjectMapper MAPPER = SpecJson.strict();
  private static final ObjectWriter WRITER = MAPPER.writerWithDefaultPrettyPrinter();

  private StoredJson() {}

  public static byte[] write(Object value) {
    try {
      return WRITER.writeValueAsBytes(value);
    } catch (IOException e) {
      throw new IllegalStateException("the model cannot be written as JSON", e);
    }
  }

  /**
   * Reads what {@link #write} wrote. The version is looked at first, so that a file of a newer
   * daemon is told from a damaged one.
   *
   * @throws SandboxException {@code internal}: the field {@code fileVersion} is there if the file
   *     is a newer one's
   */
  public static <T> T read(byte[] content, Class<T> type) {
    try {
      JsonNode tree = MAPPER.readTree(content);
      JsonNode version = tree.path("version");
      if (!version.isInt() || version.intValue() < 1) {
        throw new SandboxException(ErrorCode.INTERNAL, "The stored state has no version.");
      }
      if (version.intValue() > StoredForm.VERSION) {
        throw new SandboxException(
                ErrorCode.INTERNAL,
                "The stored state has version "
                    + version.intValue()
                    + ", made by a newer sandboxd; this one reads versions up to "
                    + StoredForm.VERSION
                    + ".")
            .with("fileVersion", version.intValue());
      }
      return MAPPER.treeToValue(tree, type);
    } catch (IOException e) {
      throw new SandboxException(
          ErrorCode.INTERNAL,
          "The stored state cannot be read: " + JsonProblems.explain(e).getMessage(),
          e);
    }
  }
}
