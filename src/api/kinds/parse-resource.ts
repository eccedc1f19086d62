import type { z } from "zod";
import { describeIssues } from "#/api/describe-issues.ts";
import { type ResourceMetadata, resourceMetadata } from "#/api/fields/metadata.ts";

/** A resource of ours, with its defaults. */
export interface Resource<Spec, Status> {
	readonly metadata: ResourceMetadata;
	readonly spec: Spec;
	readonly status: Status;
}

/** A resource, or what is wrong with its spec: each wrong field, its value and what was expected, as one line. */
export type ParsedResource<R> = { readonly resource: R } | { readonly invalid: string };

/**
 * Parses an object of one of our kinds as the API server gave it, and fills in defaults; unknown fields are dropped, as
 * the API server does. Never throws. A status that cannot be read is as good as none, for it is observed anew.
 */
export const parseResource = <Spec extends z.ZodType, Status extends z.ZodType>(
	schemas: { readonly spec: Spec; readonly status: Status },
	object: { readonly [field: string]: unknown },
): ParsedResource<Resource<z.output<Spec>, z.output<Status>>> => {
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
