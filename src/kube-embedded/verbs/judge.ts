import type { KubeObject } from "#/kube/kube-object.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import type { FieldCause, Judged } from "#/kube-embedded/schema/kind-rules.ts";
import { badRequest, invalid, type StatusError } from "#/kube-embedded/status-error.ts";
import { StrictDecodingError } from "./strict-decoding-error.ts";

/** Refuses an object for these causes, if there are any. @throws StatusError Invalid */
export const refuseFor = (kind: ServedKind, name: string, causes: readonly FieldCause[]): void => {
	if (causes.length > 0) throw invalid(kind.type, name, causes);
};

/** Refuses what strict decoding found, if it found anything. @throws StrictDecodingError */
export const refuseStrictly = ({ type }: ServedKind, found: readonly string[]): void => {
	if (found.length === 0) return;
	const what = `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}`;
	throw new StrictDecodingError(what, found);
};

const undecodable = ({ type }: ServedKind, why: string): StatusError =>
	badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${why}`);

/** The object that rules let pass. @throws StatusError Invalid, or BadRequest where it could not be read strictly */
export const passed = (
	kind: ServedKind,
	name: string,
	judged: Judged,
): { readonly object: KubeObject; readonly warnings: readonly string[] } => {
	if ("object" in judged) return judged;
	if ("undecodable" in judged) throw undecodable(kind, judged.undecodable);
	if (judged.strict !== undefined) refuseStrictly(kind, judged.strict);
	throw invalid(kind.type, name, judged.causes);
};
