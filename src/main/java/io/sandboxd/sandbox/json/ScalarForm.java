package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * Reads a value that the contract writes as a string, as a number, or as either. What is wrong with
 * one is said by an {@link IllegalArgumentException} of the function that was given for it.
 */
final class ScalarForm<T> extends StdDeserializer<T> {
  private static final long serialVersionUID = 1L;

  private final String expected;
  private transient Function<String, T> ofString;
  private transient LongFunction<T> ofInteger;
  private transient Function<BigDecimal, T> ofDecimal;

  /**
   * @param expected what is said of a value of another type, e.g. {@code a number or a string}
   */
  ScalarForm(Class<T> type, String expected) {
    super(type);
    this.expected = expected;
  }

  ScalarForm<T> ofString(Function<String, T> function) {
    ofString = function;
    return this;
  }

  ScalarForm<T> ofInteger(LongFunction<T> function) {
    ofInteger = function;
    return this;
  }

  /** Integers too go here if there is no function for them. */
  ScalarForm<T> ofDecimal(Function<BigDecimal, T> function) {
    ofDecimal = function;
    return this;
  }

  @Override
  public T deserialize(JsonParser parser, DeserializationContext context) throws IOException {
    JsonToken token = parser.currentToken();
    try {
      if (token == JsonToken.VALUE_STRING && ofString != null) {
        return ofString.apply(parser.getText());
      }
      if (token == JsonToken.VALUE_NUMBER_INT && ofInteger != null) {
        return ofInteger.apply(parser.getLongValue());
      }
      if (token != null && token.isNumeric() && ofDecimal != null) {
        return ofDecimal.apply(parser.getDecimalValue());
      }
    } catch (IllegalArgumentException e) {
      // A number that Java cannot even hold has no sentence of ours.
      boolean ours = !(e instanceof NumberFormatException);
      throw new RefusedValueException(parser, ours ? e.getMessage() : "must be " + expected);
    }
    throw new RefusedValueException(parser, "must be " + expected);
  }
}
