/** The longest repository name accepted, in characters, which are bytes too: the grammar has ASCII only. */
export const MAX_NAME_LENGTH = 255;

/** No two ways lead through this expression, so it takes time in proportion to the text. */
const NAME = /^[a-z0-9]+(?:(?:[./]|__?|-+)[a-z0-9]+)*$/;

/**
 * Whether the text is a repository name by the grammar of the distribution specification ("Pulling manifests"), and
 * no longer than {@link MAX_NAME_LENGTH}.
 *
 * Components of lower-case letters and digits are joined by slashes; within one, runs are joined by one dot, one or two
 * underscores, or any number of dashes. Hence no component can be empty, `.` or `..`.
 */
export const isRepositoryName = (text: string): boolean => text.length <= MAX_NAME_LENGTH && NAME.test(text);

/** The project that a repository belongs to: its first component, or itself when it has only one. */
export const projectOf = (repository: string): string => {
	const slash = repository.indexOf("/");
	return slash === -1 ? repository : repository.slice(0, slash);
};
