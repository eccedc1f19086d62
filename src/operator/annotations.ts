/** Annotation: a new value asks for one look at once; the status repeats it when that is done. */
export const REQUESTED_AT = "limani.dev/requestedAt";

/** Annotation: with the same value as {@link REQUESTED_AT}, a robot gets a new credential, once for each value. */
export const FORCE_AT = "limani.dev/forceAt";
