/**
 * The start of a text that may be arbitrarily long, for a message that repeats what a stranger sent.
 *
 * @param length how much is kept, in UTF-16 units. @defaultValue 120
 */
export const excerpt = (text: string, length = 120): string =>
	text.length <= length ? text : `${text.slice(0, length).toWellFormed()}…`;
