import { z } from "zod";
import { userName } from "./identity-name.ts";

/** Argon2id of version 1.3 in PHC string form. Memory, passes and lanes are bounded by their digits alone. */
const ARGON2ID = /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,86}$/;

/** A local user, as it crosses Control: never with a password. */
export const userSpec = z.strictObject({
	name: userName,
	passwordHash: z.string().regex(ARGON2ID, "expected an Argon2id hash in PHC string form"),
	/** Administrators may do everything in every project. */
	admin: z.boolean().default(false),
	disabled: z.boolean().default(false),
});

/** A local user, with its defaults. */
export type UserSpec = z.output<typeof userSpec>;
