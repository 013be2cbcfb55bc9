package io.sandboxd.api;

import io.sandboxd.sandbox.ErrorCode;

/** The one table of what each error is in HTTP: its status, and its name for people. */
record ErrorStatus(int status, String title) {
  static ErrorStatus of(ErrorCode code) {
    return switch (code) {
      case MALFORMED -> new ErrorStatus(400, "The request is malformed");
      case INVALID_SPEC -> new ErrorStatus(400, "The request asks for something impossible");
      case NOT_PERMITTED -> new ErrorStatus(403, "Not permitted");
      case NOT_FOUND -> new ErrorStatus(404, "No such thing");
      case METHOD_NOT_ALLOWED -> new ErrorStatus(405, "The method is not for this path");
      case NOT_ACCEPTABLE -> new ErrorStatus(406, "There is no such representation");
      case REQUEST_TIMEOUT -> new ErrorStatus(408, "The request took too long to arrive");
      case NAME_IN_USE -> new ErrorStatus(409, "The name is in use");
      case ADDRESS_IN_USE -> new ErrorStatus(409, "The address is in use");
      case WRONG_STATE -> new ErrorStatus(409, "Not in this state");
      case KEY_REUSED -> new ErrorStatus(409, "The key was used before");
      case PAYLOAD_TOO_LARGE -> new ErrorStatus(413, "The request is too large");
      case UNSUPPORTED_MEDIA_TYPE -> new ErrorStatus(415, "Bodies of this type are not understood");
      case RANGE_NOT_SATISFIABLE -> new ErrorStatus(416, "There is no such range");
      case LAUNCH_FAILED -> new ErrorStatus(422, "The kernel refused");
      case LIMIT_EXCEEDED -> new ErrorStatus(429, "A limit of the daemon is reached");
      case INTERNAL -> new ErrorStatus(500, "The daemon failed");
      case BUSY -> new ErrorStatus(503, "The daemon cannot do this now");
    };
  }

  /** The code for a status that the HTTP framework came up with. */
  static ErrorCode codeOf(int status) {
    return switch (status) {
      case 403 -> ErrorCode.NOT_PERMITTED;
      case 404 -> ErrorCode.NOT_FOUND;
      case 405 -> ErrorCode.METHOD_NOT_ALLOWED;
      case 406 -> ErrorCode.NOT_ACCEPTABLE;
      case 408 -> ErrorCode.REQUEST_TIMEOUT;
      case 413, 414, 431 -> ErrorCode.PAYLOAD_TOO_LARGE;
      case 415 -> ErrorCode.UNSUPPORTED_MEDIA_TYPE;
      case 416 -> ErrorCode.RANGE_NOT_SATISFIABLE;
      case 503 -> ErrorCode.BUSY;
      default -> status < 500 ? ErrorCode.MALFORMED : ErrorCode.INTERNAL;
    };
  }
}
