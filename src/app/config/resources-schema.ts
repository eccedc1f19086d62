import { z } from "zod";

const projectName = z.string().regex(/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/, "expected a lower-case path component");

const project = z.strictObject({
	name: projectName.describe("First component of the names of its repositories"),
	visibility: z
		.enum(["Private", "Internal", "Public"])
		.default("Private")
		.describe("Who may pull: members, everybody who logs in, or everybody"),
	store: z.string().default("default").describe("Name of the blob store that its repositories use"),
	sparseIndexes: z.boolean().default(false).describe("Whether an index may name manifests that are not here"),
	members: z
		.array(
			z.strictObject({
				kind: z
					.enum(["User", "Group", "ServiceAccount"])
					.default("User")
					.describe("What the member is; only users have an effect so far"),
				name: z.string().min(1).describe("The member's name"),
				role: z
					.enum(["admin", "maintainer", "developer", "guest", "limitedGuest"])
					.describe("guests pull, developers push too, maintainers and admins delete too"),
			}),
		)
		.default([])
		.describe("Who may do what in it"),
});

const user = z
	.strictObject({
		name: z.string().min(1).max(255).describe("What the user logs in with"),
		password: z.string().min(1).optional().describe("The password; or passwordFile"),
		passwordFile: z.string().optional().describe("A file whose first line is the password"),
		admin: z.boolean().default(false).describe("Whether everything is allowed, in every project"),
		disabled: z.boolean().default(false).describe("Whether the user may not log in"),
	})
	.refine((value) => (value.password === undefined) !== (value.passwordFile === undefined), {
		message: "expected exactly one of password, passwordFile",
	});

const trust = z.strictObject({
	issuer: z
		.string()
		.min(1)
		.describe("The URL of one of auth.issuers, or kubernetes for service accounts of the registry's own cluster"),
	audience: z.string().min(1).optional().describe("An audience that the token must have; default: any of the issuer's"),
	subject: z
		.string()
		.min(1)
		.describe(
			"The token's subject, such as system:serviceaccount:NAMESPACE:NAME; * is any run of characters, ? is one",
		),
	claims: z
		.array(
			z.strictObject({
				name: z.string().min(1).describe("Name of a claim of the token"),
				value: z.string().min(1).describe("Its value, or a pattern of it with * and ?"),
			}),
		)
		.default([])
		.describe("What else the token must say"),
});

const robot = z
	.strictObject({
		name: z.string().min(1).max(255).describe("Without the `robot$` that goes before it"),
		secret: z.string().min(16).optional().describe("At least 16 characters; or secretFile"),
		secretFile: z.string().optional().describe("A file whose first line is the secret"),
		permissions: z
			.array(
				z.strictObject({
					project: z.string().min(1).describe("Name or glob"),
					repositories: z.array(z.string().min(1)).optional().describe("Globs below the project; default: all"),
					actions: z
						.array(z.enum(["pull", "push", "delete"]))
						.min(1)
						.describe("What is allowed there"),
				}),
			)
			.default([])
			.describe("What the robot may do"),
		trust: z.array(trust).default([]).describe("Whose tokens stand for the secret, which is then not needed"),
	})
	.refine(({ secret, secretFile, trust: trusts }) => isOneSecret(secret, secretFile, trusts.length > 0), {
		message: "expected exactly one of secret, secretFile",
	});

/** @param maybeNone whether there may be none */
const isOneSecret = (secret: string | undefined, file: string | undefined, maybeNone: boolean): boolean =>
	(secret === undefined) !== (file === undefined) || (maybeNone && secret === undefined);

/** Projects, users and robots of a registry that no operator drives. */
export const resourcesSchema = z
	.strictObject({
		projects: z.array(project).default([]).describe("Projects"),
		users: z.array(user).default([]).describe("Users"),
		robots: z.array(robot).default([]).describe("Robot accounts"),
	})
	.optional()
	.describe("Projects, users and robots to apply at the start, where no operator does");
