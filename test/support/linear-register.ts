/** What a tag points at: a digest, or {@link ABSENT}. */
export type TagValue = string;

/** There is no such tag. */
export const ABSENT: TagValue = "absent";

/** What a client asks of one tag. */
export type TagAction =
	| { readonly kind: "read" }
	/** `ifMatch`: the digest that the tag is to have; `ifNoneMatch`: there is to be no such tag. */
	| { readonly kind: "put"; readonly digest: string; readonly ifMatch?: string; readonly ifNoneMatch?: "*" }
	| { readonly kind: "delete"; readonly ifMatch?: string };

/** What a client is answered. `value`: what the tag is said to point at, before a refusal or after a move. */
export interface TagResult {
	readonly kind: "is" | "moved" | "removed" | "missing" | "refused";
	readonly value: TagValue;
}

/** The sequential promise of a tag: what an action that is alone answers when the tag stands at `value`, and leaves. */
export const applyToTag = (
	value: TagValue,
	action: TagAction,
): { readonly result: TagResult; readonly next: TagValue } => {
	if (action.kind === "read") return { result: { kind: "is", value }, next: value };
	const refused = action.ifMatch !== undefined && action.ifMatch !== value;
	const exists = action.kind === "put" && action.ifNoneMatch !== undefined && value !== ABSENT;
	if (refused || exists) return { result: { kind: "refused", value }, next: value };
	if (action.kind === "put") return { result: { kind: "moved", value: action.digest }, next: action.digest };
	const kind = value === ABSENT ? "missing" : "removed";
	return { result: { kind, value: ABSENT }, next: ABSENT };
};
