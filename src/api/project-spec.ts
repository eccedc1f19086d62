import { z } from "zod";
import { isRepositoryName, MAX_NAME_LENGTH } from "#/oci/name.ts";
import { areLight, type NamePatterns, namePatterns, TOO_HEAVY } from "./policy-selectors.ts";

/** The longest name of a project: one more slash and character must make a repository's name. */
const MAX_PROJECT_NAME_LENGTH = MAX_NAME_LENGTH - 2;

/** A namespace and a name of Kubernetes, which are at most 63 and 253 characters. */
const MAX_OWNER_LENGTH = 63 + 1 + 253;

/**
 * Whether a project can have this name: one component of a repository's name. No other name needs to be reserved, for
 * what the distribution specification keeps to itself (`_catalog`, `_<extension>`) is outside that grammar.
 */
export const isProjectName = (text: string): boolean =>
	text.length <= MAX_PROJECT_NAME_LENGTH && !text.includes("/") && isRepositoryName(text);

/** A week, in milliseconds. */
const DEFAULT_UNDO_WINDOW = 7 * 86_400_000;
/** Three hundred years, in milliseconds: beyond all that a duration of the kind Project can say. */
const MAX_UNDO_WINDOW = 1e13;

/** One member of a project. Members are told apart by kind and name. */
const member = z.strictObject({
	kind: z.enum(["User", "Group", "ServiceAccount"]),
	name: z.string().min(1).max(MAX_OWNER_LENGTH),
	role: z.enum(["admin", "maintainer", "developer", "guest", "limitedGuest"]),
});

const members = z
	.array(member)
	.max(10_000)
	.superRefine((list, context) => {
		const seen = new Set<string>();
		for (const [i, { kind, name }] of list.entries()) {
			const key = `${kind}:${name}`;
			if (seen.has(key)) {
				context.addIssue({ code: "custom", path: [i, "name"], message: `expected each ${kind} once` });
			}
			seen.add(key);
		}
	});

/** Characters of all patterns together: they are read anew with every change of a tag that exists. */
const MAX_IMMUTABILITY_LENGTH = 4_096;

const immutability = z
	.array(
		z.strictObject({
			/** Names below the project: without the project and its slash. */
			repositories: namePatterns.prefault({}),
			tags: namePatterns.prefault({}),
		}),
	)
	.max(15)
	.refine(
		(rules) => patternsOf(rules).join("").length <= MAX_IMMUTABILITY_LENGTH,
		`expected at most ${MAX_IMMUTABILITY_LENGTH} characters of patterns`,
	)
	.refine((rules) => areLight(patternsOf(rules)), TOO_HEAVY);

const patternsOf = (
	rules: readonly { readonly repositories: NamePatterns; readonly tags: NamePatterns }[],
): readonly string[] =>
	rules
		.flatMap(({ repositories, tags }) => [repositories, tags])
		.flatMap(({ matching, excluding }) => [...matching, ...excluding]);

/** A project, the tenant, as it crosses Control. */
export const projectSpec = z.strictObject({
	/** The first component of the names of its repositories. */
	name: z.string().refine(isProjectName, {
		message: `expected one lower-case component of a repository's name, at most ${MAX_PROJECT_NAME_LENGTH} characters`,
	}),
	/** Who has a claim on the name, as `namespace/name`; absent: the resource's uid has, alone. */
	owner: z
		.string()
		.max(MAX_OWNER_LENGTH)
		.regex(/^[^\s/]+\/[^\s/]+$/, "expected namespace/name")
		.exactOptional(),
	visibility: z.enum(["Private", "Internal", "Public"]).default("Private"),
	/** Name of the blob store of its repositories. */
	store: z.string().min(1).max(63).default("default"),
	/** Whether an index may name manifests that are not here. */
	sparseIndexes: z.boolean().default(false),
	members: members.default([]),
	/** Bytes that its blobs, each once, and its manifests may have together; absent: as many as there is room for. */
	quotaBytes: z.int().min(1).exactOptional(),
	/** Tags that, once they exist, neither move nor go: those that one of the rules is about. */
	immutability: immutability.default([]),
	/** For how long what is deleted can be restored, milliseconds; 0: not at all. */
	undoWindow: z.int().min(0).max(MAX_UNDO_WINDOW).default(DEFAULT_UNDO_WINDOW),
});

/** A project, with its defaults. */
export type ProjectSpec = z.output<typeof projectSpec>;
