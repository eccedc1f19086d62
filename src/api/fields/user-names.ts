import { z } from "zod";

/** The name of a user, as resources may give it: visible ASCII that no robot's name begins with. */
export const userNameField = z
	.string()
	.min(1)
	.max(255)
	.regex(/^[A-Za-z0-9]([A-Za-z0-9._@+-]*[A-Za-z0-9])?$/, "expected letters, digits, and . _ @ + - within");
