import type { KubeObject } from "#/kube/kube-object.ts";

/** The name of the index of service accounts by the uids of the robots that are attached to them. */
export const BY_ROBOT = "robot";

/** Before the robot's uid, an annotation with the name of the Secret that was added for it: what is not marked so is not ours. */
const ATTACHED = "attached.limani.dev/";

/** The values of that index. */
export const robotsOf = ({ metadata }: KubeObject): readonly string[] =>
	Object.keys(metadata.annotations ?? {}).flatMap((key) =>
		key.startsWith(ATTACHED) ? [key.slice(ATTACHED.length)] : [],
	);

/** One operation of a JSON patch (RFC 6902). */
interface Operation {
	readonly op: "add" | "remove" | "replace" | "test";
	readonly path: string;
	readonly value?: unknown;
}

/**
 * What makes a service account have a Secret of the robot's among its `imagePullSecrets`, and none that was added for
 * the robot before; nothing when that is so. It is a patch of the version at hand, because the API server has the list
 * for one value: applied by one owner it would take away what all others put there. A Secret that somebody else put
 * there stays theirs.
 *
 * @param secret absent: the account is to have none
 */
export const planAccount = (
	account: KubeObject,
	robot: { readonly uid: string },
	secret: string | undefined,
): readonly Operation[] => {
	const { annotations, resourceVersion } = account.metadata;
	const mark = `${ATTACHED}${robot.uid}`;
	const marked = annotations?.[mark];
	const present = namesOf(account.imagePullSecrets);
	const kept = marked === undefined || marked === secret ? present : present.filter((name) => name !== marked);
	const isMissing = secret !== undefined && !kept.includes(secret);
	const names = isMissing ? [...kept, secret] : kept;
	const mine = isMissing || marked === secret ? secret : undefined;
	const changes: Operation[] = [];
	if (names.length !== present.length || isMissing) {
		const value = names.map((name) => ({ name }));
		changes.push({ op: account.imagePullSecrets === undefined ? "add" : "replace", path: "/imagePullSecrets", value });
	}
	if (mine !== marked) changes.push(...markWith(annotations, mark, mine));
	if (changes.length === 0) return [];
	return [{ op: "test", path: "/metadata/resourceVersion", value: resourceVersion }, ...changes];
};

const markWith = (
	annotations: KubeObject["metadata"]["annotations"],
	mark: string,
	value: string | undefined,
): readonly Operation[] => {
	const path = `/metadata/annotations/${mark.replaceAll("~", "~0").replaceAll("/", "~1")}`;
	if (value === undefined) return [{ op: "remove", path }];
	if (annotations === undefined) return [{ op: "add", path: "/metadata/annotations", value: { [mark]: value } }];
	return [{ op: "add", path, value }];
};

const namesOf = (list: unknown): readonly string[] =>
	(Array.isArray(list) ? list : []).flatMap((one: unknown) =>
		typeof one === "object" && one !== null && "name" in one && typeof one.name === "string" ? [one.name] : [],
	);
