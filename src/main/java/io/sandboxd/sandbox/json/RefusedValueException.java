package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonMappingException;

/** A value that is not of the contract's form; the message is a sentence for the client. */
final class RefusedValueException extends JsonMappingException {
  private static final long serialVersionUID = 1L;

  RefusedValueException(JsonParser parser, String sentence) {
    super(parser, sentence);
  }
}
