package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;

/** The contract's JSON: what clients send and are answered. */
public final class SpecJson {
  static final int MAX_DEPTH = 32;
  static final int MAX_NUMBER_LENGTH = 64;
  static final int MAX_NAME_LENGTH = 4_096;
  static final int MAX_STRING_LENGTH = 32 << 20;

  /** Marks, as a Jackson view, an answer to a client: what only the files hold is left out. */
  private interface Answer {}

  private static final ObjectMapper MAPPER = forClients();

  private SpecJson() {}

  private static ObjectMapper forClients() {
    ObjectMapper mapper = strict();
    return mapper.setConfig(mapper.getSerializationConfig().withView(Answer.class));
  }

  /** What the contract and the daemon's files have in common. */
  static ObjectMapper strict() {
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(MAX_NUMBER_LENGTH)
                    .maxNameLength(MAX_NAME_LENGTH)
                    .maxStringLength(MAX_STRING_LENGTH)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    return JsonMapper.builder(factory)
        .enable(
            DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
            DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY,
            DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
            DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
            DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS,
            DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
        .withCoercionConfig(
            LogicalType.Textual,
            text ->
                text.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail))
        .serializationInclusion(JsonInclude.Include.NON_NULL)
        .addModule(new SpecModule())
        .build();
  }

  /**
   * Reads a request's body.
   *
   * @throws SandboxException {@code malformed} if it is not JSON, {@code invalid_spec} with the
   *     field's path if it is not what the contract says
   */
  public static <T> T read(byte[] body, Class<T> type) {
    try {
      return present(MAPPER.readValue(body, type));
    } catch (IOException e) {
      throw JsonProblems.explain(e);
    }
  }

  /** Reads a request's body whose fields are looked at one by one, as a merge patch's are. */
  public static JsonNode readTree(byte[] body) {
    try {
      JsonNode tree = MAPPER.readTree(body);
      return present(tree.isMissingNode() || tree.isNull() ? null : tree);
    } catch (IOException e) {
      throw JsonProblems.explain(e);
    }
  }

  /** Turns a tree into an object of the model; {@code at} is where the tree is in its document. */
  public static <T> T convert(JsonNode tree, Class<T> type, FieldPath at) {
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (IOException e) {
      throw JsonProblems.explain(e, at);
    }
  }

  /** The tree that a reader of {@link #write} would get. */
  public static JsonNode toTree(Object value) {
    return readTree(write(value));
  }

  /** An answer's body. */
  public static byte[] write(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (IOException e) {
      throw new IllegalStateException("the model cannot be written as JSON", e);
    }
  }

  private static <T> T present(T value) {
    if (value == null) {
      throw JsonProblems.nothing();
    }
    return value;
  }
}
