import { z } from "zod";

/** The URL of a service: http or https, without credentials, query and fragment. */
export const httpUrl = z
	.string()
	.max(1_024)
	.regex(
		/^https?:\/\/[A-Za-z0-9._:[\]-]+(\/[A-Za-z0-9._~%/-]*)?$/,
		"expected a URL such as https://storage.example.org",
	)
	.refine((text) => URL.canParse(text), "expected a URL such as https://storage.example.org");

/** The URL of a registry, which is always at the root of its host. */
export const rootUrl = z
	.string()
	.max(1_024)
	.regex(/^https?:\/\/[A-Za-z0-9._:[\]-]+$/, "expected a URL such as https://registry.example.org")
	.refine((text) => URL.canParse(text), "expected a URL such as https://registry.example.org");
