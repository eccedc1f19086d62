import { z } from "zod";

/** How every robot's full name begins, and no user's. */
const ROBOT_PREFIX = "robot$";

/** User names with a meaning of their own: Docker's clients send this one with a refresh token for a password. */
const RESERVED: ReadonlySet<string> = new Set(["<token>"]);

const MAX_LENGTH = 255;

/** What can be sent by Basic authentication (RFC 7617 section 2) and shown on one line of a log. */
const visible = z
	.string()
	.min(1)
	.regex(/^[^:\s\p{C}]*$/u, "expected no blanks, colons or control characters");

/** The name of a user. */
export const userName = visible
	.max(MAX_LENGTH)
	.refine((name) => !name.startsWith(ROBOT_PREFIX), { message: `expected no ${ROBOT_PREFIX}, which robots begin with` })
	.refine((name) => !RESERVED.has(name), { message: "expected a name that is not reserved" });

/** The full name of a robot, e.g. `robot$ci` or `robot$team-a+ci`. */
export const robotName = visible.max(ROBOT_PREFIX.length + MAX_LENGTH).refine((name) => ROBOT_NAME.test(name), {
	message: `expected ${ROBOT_PREFIX} and a name`,
});

const ROBOT_NAME = /^robot\$./;
