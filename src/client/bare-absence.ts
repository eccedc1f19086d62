import type { Answer } from "./answer.ts";

/**
 * Whether an answer to HEAD is the 404 of a registry. There is no body to say so; but who answers for it, a proxy or a
 * page for people, is of another type.
 */
export const isBareAbsence = (answer: Answer): boolean =>
	answer.status === 404 && (answer.mediaType === undefined || answer.mediaType === "application/json");
