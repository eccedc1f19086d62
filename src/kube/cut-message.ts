/** Longest message of conditions and events, in bytes of UTF-8. */
const LONGEST_MESSAGE = 1024;

/** A message for people, cut between two characters where it is longer than 1 KiB. */
export const cutMessage = (message: string): string => {
	const bytes = Buffer.from(message);
	if (bytes.length <= LONGEST_MESSAGE) return message;
	// Three bytes are kept for the ellipsis; a character that is cut in two is left out.
	const kept = new TextDecoder().decode(bytes.subarray(0, LONGEST_MESSAGE - 3), { stream: true });
	return `${kept}…`;
};
