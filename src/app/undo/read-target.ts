import { ConfigError } from "#/app/config/load.ts";
import { isDigest } from "#/oci/digest.ts";
import { isRepositoryName } from "#/oci/name.ts";
import { isTag } from "#/oci/tag.ts";

/** A repository, and what of it is meant; neither tag nor digest: all of it. */
export interface Target {
	readonly repository: string;
	readonly tag?: string;
	readonly digest?: string;
}

/**
 * Reads `REPOSITORY`, `REPOSITORY:TAG` or `REPOSITORY@DIGEST`, without the registry's host.
 *
 * @throws ConfigError when it is none of these
 */
export const readTarget = (text: string): Target => {
	const [, repository = "", , rest = ""] = /^([^:@]*)([:@](.*))?$/.exec(text) ?? [];
	const mark = text.charAt(repository.length);
	if (isRepositoryName(repository)) {
		if (mark === "") return { repository };
		if (mark === ":" && isTag(rest)) return { repository, tag: rest };
		if (mark === "@" && isDigest(rest)) return { repository, digest: rest };
	}
	const expected = "expected PROJECT/NAME, PROJECT/NAME:TAG or PROJECT/NAME@sha256:…, without the registry's host";
	throw new ConfigError(`got ${JSON.stringify(text)}: ${expected}`);
};
