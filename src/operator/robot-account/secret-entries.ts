import type { KubeObject } from "#/kube/kube-object.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";

/** Whose Secrets they are. */
export interface RobotIdentity {
	readonly uid: string;
	readonly namespace: string;
	readonly name: string;
}

/** The labels of every Secret that is made for a robot. */
export const ownedLabels = ({
	uid,
	name,
}: Pick<RobotIdentity, "uid" | "name">): { readonly [key: string]: string } => ({
	"app.kubernetes.io/managed-by": "limani",
	[OWNER_LABEL]: uid,
	"limani.dev/robot-account": name,
});

/** A text as an entry of a Secret. */
export const entry = (text: string): string => Buffer.from(text).toString("base64");

/** The entries of a Secret as texts; none when there is no Secret. */
export const entriesOf = (secret: KubeObject | undefined): { readonly [key: string]: string | undefined } => {
	const data = secret?.data;
	if (typeof data !== "object" || data === null) return {};
	const entries = Object.entries(data).filter(([, value]) => typeof value === "string");
	return Object.fromEntries(
		entries.map(([key, value]) => [key, Buffer.from(String(value), "base64").toString("utf8")]),
	);
};
