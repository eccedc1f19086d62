import { ConfigError } from "#/app/config/load.ts";
import { isRepositoryName } from "#/oci/name.ts";
import { parseReference } from "#/oci/reference.ts";

/** A place for an image, as people write it. */
export interface ImagePlace {
	/** Of the registry, with the port where one was given. */
	readonly host: string;
	readonly repository: string;
	/** A tag or a digest, a digest where both were given; absent: neither was. */
	readonly reference: string | undefined;
}

/** Reads `HOST/REPOSITORY`, and the tag and digest behind it where there are any. @throws ConfigError */
export const readPlace = (text: string): ImagePlace => {
	const [, host = "", repository = "", tag, digest] = /^([^/@]+)\/([^:@]+)(?::([^@/]+))?(?:@(.+))?$/.exec(text) ?? [];
	const reference = digest ?? tag;
	const isRight = reference === undefined || parseReference(reference) !== undefined;
	if (host !== "" && isRepositoryName(repository) && isRight) return { host, repository, reference };
	throw new ConfigError(`got ${text}: expected an image such as registry.example.org/limani/limani:0.1.0`);
};
