import type { z } from "zod";
import { describeIssues } from "#/api/describe-issues.ts";
import { type ResourceMetadata, resourceMetadata } from "#/api/fields/metadata.ts";
import { shareParts } from "#/lib/share-parts.ts";

/** A resource of ours, with its defaults. */
export interface Resource<Spec, Status> {
	readonly metadata: ResourceMetadata;
	readonly spec: Spec;
	readonly status: Status;
}

/** A resource, or what is wrong with its spec: each wrong field, its value and what was expected, as one line. */
export type ParsedResource<R> = { readonly resource: R } | { readonly invalid: string };

interface Schemas<Spec extends z.ZodType, Status extends z.ZodType> {
	readonly spec: Spec;
	readonly status: Status;
}

type Parsed<Spec extends z.ZodType, Status extends z.ZodType> = ParsedResource<
	Resource<z.output<Spec>, z.output<Status>>
>;

/**
 * Makes the function that parses objects of one kind: see {@link parseResource}. One that is frozen is parsed once, and
 * what is parsed is put together from its parts as far as they are the same, which is nearly all of it: the API server
 * fills in the same defaults.
 */
export const resourceParser = <Spec extends z.ZodType, Status extends z.ZodType>(
	schemas: Schemas<Spec, Status>,
): ((object: { readonly [field: string]: unknown }) => Parsed<Spec, Status>) => {
	const known = new WeakMap<object, Parsed<Spec, Status>>();
	return (object) => {
		const before = known.get(object);
		if (before !== undefined) return before;
		const parsed = parseResource(schemas, object);
		if (!Object.isFrozen(object)) return parsed;
		// The caches' objects, which are frozen throughout and looked at again for every other object that they concern.
		if ("resource" in parsed) shareParts(parsed.resource, object);
		known.set(object, parsed);
		return parsed;
	};
};

/**
 * Parses an object of one of our kinds as the API server gave it, and fills in defaults; unknown fields are dropped, as
 * the API server does. Never throws. A status that cannot be read is as good as none, for it is observed anew.
 */
export const parseResource = <Spec extends z.ZodType, Status extends z.ZodType>(
	schemas: Schemas<Spec, Status>,
	object: { readonly [field: string]: unknown },
): Parsed<Spec, Status> => {
	const metadata = resourceMetadata.safeParse(object.metadata);
	if (!metadata.success) return { invalid: describeIssues(under("metadata", metadata.error.issues), object) };
	const spec = schemas.spec.safeParse(object.spec ?? {});
	if (!spec.success) return { invalid: describeIssues(under("spec", spec.error.issues), object) };
	const status = schemas.status.safeParse(object.status ?? {});
	return {
		resource: {
			metadata: metadata.data,
			spec: spec.data,
			status: status.success ? status.data : schemas.status.parse({}),
		},
	};
};

const under = (field: string, issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] =>
	issues.map((issue) => ({ ...issue, path: [field, ...issue.path] }));
