/** Annotation: a new value asks for one look at once; the status repeats it when that is done. */
export const REQUESTED_AT = "limani.dev/requestedAt";
