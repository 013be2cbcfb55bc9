package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Says in the contract's words what Jackson found. */
public final class JsonProblems {
  private static final Pattern DUPLICATE =
      Pattern.compile("Duplicate [^']*'(.*)'.*", Pattern.DOTALL);

  private JsonProblems() {}

  /** The problem of a body that could not be read. */
  public static SandboxException explain(IOException failure) {
    return explain(failure, FieldPath.ROOT);
  }

  static SandboxException explain(IOException failure, FieldPath at) {
    Throwable cause = failure;
    while (cause instanceof JsonMappingException
        && cause.getCause() instanceof JacksonException deeper) {
      cause = deeper;
    }
    if (cause instanceof StreamConstraintsException) {
      return malformed(
          "The JSON goes over a limit: at most %d levels deep, numbers of %d digits, names of %d and strings of %d characters."
              .formatted(
                  SpecJson.MAX_DEPTH,
                  SpecJson.MAX_NUMBER_LENGTH,
                  SpecJson.MAX_NAME_LENGTH,
                  SpecJson.MAX_STRING_LENGTH),
          failure);
    }
    if (cause instanceof StreamReadException broken && !(cause instanceof InputCoercionException)) {
      return unreadable(broken, at, failure);
    }
    if (failure instanceof JsonMappingException mapping) {
      return mapping.getPath().isEmpty() ? whole(mapping, cause, at) : mistyped(mapping, cause, at);
    }
    return malformed("The body is not JSON in UTF-8.", failure);
  }

  static SandboxException nothing() {
    return malformed("The body is empty: it must be a JSON object.", null);
  }

  private static SandboxException unreadable(
      StreamReadException broken, FieldPath at, IOException failure) {
    Matcher duplicate = DUPLICATE.matcher(broken.getOriginalMessage());
    if (duplicate.matches()) {
      JsonParser parser = broken.getProcessor();
      FieldPath object = parser == null ? at : path(parser.getParsingContext(), at);
      return SandboxException.invalid(
          object.field(duplicate.group(1)).text(), "is there twice: leave one of them out");
    }
    JsonLocation where = broken.getLocation();
    String place =
        where == null
            ? ""
            : " (line " + where.getLineNr() + ", column " + where.getColumnNr() + ")";
    return malformed("The body is not well-formed JSON in UTF-8" + place + ".", failure);
  }

  /** What is wrong with the document itself; Jackson has no types for these, only texts. */
  private static SandboxException whole(
      JsonMappingException failure, Throwable cause, FieldPath at) {
    if (failure.getOriginalMessage().startsWith("No content")) {
      return nothing();
    }
    if (failure.getOriginalMessage().startsWith("Trailing token")) {
      return malformed("There is something after the end of the JSON object.", failure);
    }
    return mistyped(failure, cause, at);
  }

  private static SandboxException mistyped(
      JsonMappingException failure, Throwable cause, FieldPath at) {
    FieldPath path = path(failure, at);
    String sentence;
    if (failure instanceof UnrecognizedPropertyException unknown) {
      sentence = "is not a known field: " + known(unknown.getKnownPropertyIds());
    } else if (cause instanceof RefusedValueException refused) {
      sentence = refused.getOriginalMessage();
    } else if (cause instanceof InputCoercionException outOfRange) {
      sentence = "is out of range: it must be " + expected(outOfRange.getTargetType());
    } else if (cause instanceof MismatchedInputException mismatch) {
      sentence = "must be " + expected(mismatch.getTargetType());
    } else {
      sentence = "is not a value that this field takes";
    }
    SandboxException problem =
        path.isRoot()
            ? new SandboxException(ErrorCode.INVALID_SPEC, "The body " + sentence + ".")
            : SandboxException.invalid(path.text(), sentence);
    problem.initCause(failure);
    return problem;
  }

  private static String known(Collection<Object> fields) {
    if (fields == null || fields.isEmpty()) {
      return "this object has none";
    }
    return "this object has "
        + fields.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
  }

  private static String expected(Class<?> type) {
    if (type == null) {
      return "of another type";
    }
    if (type == Integer.class || type == int.class) {
      return "an integer of at most 32 bits";
    }
    if (type == Long.class || type == long.class) {
      return "an integer of at most 64 bits";
    }
    if (type == BigInteger.class) {
      return "an integer";
    }
    if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    if (type == Double.class || type == double.class) {
      return "a number";
    }
    if (type == String.class) {
      return "a string";
    }
    if (Collection.class.isAssignableFrom(type)) {
      return "an array";
    }
    return type.isRecord() || Map.class.isAssignableFrom(type) ? "an object" : "of another type";
  }

  private static FieldPath path(JsonMappingException failure, FieldPath at) {
    FieldPath path = at;
    for (JsonMappingException.Reference step : failure.getPath()) {
      if (step.getFieldName() != null) {
        path = path.field(step.getFieldName());
      } else if (step.getIndex() >= 0) {
        path = path.index(step.getIndex());
      }
    }
    return path;
  }

  /** The path of the object that a parser is in. */
  private static FieldPath path(JsonStreamContext context, FieldPath at) {
    JsonStreamContext parent = context.getParent();
    if (parent == null || parent.inRoot()) {
      return at;
    }
    FieldPath outer = path(parent, at);
    return parent.inArray()
        ? outer.index(parent.getCurrentIndex())
        : outer.field(parent.getCurrentName());
  }

  private static SandboxException malformed(String detail, Throwable cause) {
    return new SandboxException(ErrorCode.MALFORMED, detail, cause);
  }
}
