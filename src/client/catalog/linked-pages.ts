import { z } from "zod";
import type { Ask } from "#/client/auth/ask.ts";
import { nextOf } from "#/client/link-header.ts";
import { sameRegistry } from "#/client/same-registry.ts";

/** Pages of a list in JSON, each of which names the next in its Link header. @throws RemoteError */
export async function* linkedPages<T>(
	ask: Ask,
	first: URL,
	request: { readonly headers: Readonly<Record<string, string>>; readonly element: z.ZodType<T> },
	signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
	const { headers, element } = request;
	for (let url: URL | undefined = first; url !== undefined; ) {
		const asked: URL = url;
		const reply = await ask({ method: "GET", url: asked, headers }, z.array(element).nullable(), signal);
		if (reply.value !== null && reply.value.length > 0) yield reply.value;
		const next = nextOf(reply.header("link"));
		url = next === undefined ? undefined : sameRegistry(next, asked);
		if (url?.href === asked.href) return;
	}
}
