import type { Principal } from "./access.ts";
import type { Grant } from "./robots.ts";

/** A subject that proved who it is, with all that decisions about it rest on. */
export type KnownSubject =
	| { readonly kind: "user"; readonly name: string; readonly uid: string; readonly admin: boolean }
	| { readonly kind: "robot"; readonly name: string; readonly uid: string; readonly grants: readonly Grant[] };

/** Who asks. */
export type Subject = { readonly kind: "anonymous" } | KnownSubject;

/** The subject of a request without credentials. */
export const ANONYMOUS: Subject = { kind: "anonymous" };

/** The subject as the network faces see it, without its permissions. */
export const principalOf = (subject: Subject): Principal => {
	if (subject.kind !== "robot") return subject;
	const { kind, name, uid } = subject;
	return { kind, name, uid };
};

/** The principal as history, events and logs name it: `user:alice`, `robot:robot$ci`, `anonymous`. */
export const actorOf = (principal: Principal): string =>
	principal.kind === "anonymous" ? principal.kind : `${principal.kind}:${principal.name}`;
