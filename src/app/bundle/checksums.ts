/** The file of a bundle that has the SHA-256 of every other, as `sha256sum --check` reads it. */
export const SUMS_FILE = "SHA256SUMS";

/** Its text. */
export const formatSums = (files: readonly { readonly path: string; readonly sha256: string }[]): string =>
	files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");
