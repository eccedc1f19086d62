import { z } from "zod";
import { httpUrl } from "./urls.ts";

/** The `iss` of tokens: a URL, to the letter. */
export const issuerUrl = httpUrl;

/** Whom a token is for. */
export const audience = z
	.string()
	.min(1)
	.max(255)
	.regex(/^[!-~]+$/, "expected printable characters without blanks");
