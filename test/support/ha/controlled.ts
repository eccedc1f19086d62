// Replicas that an operator drives, as it does in a cluster, in place of their own configuration.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { hashPassword } from "#/auth/passwords.ts";
import type { DesiredResource } from "#/control/control.ts";
import { createAuthority } from "../certificates.ts";
import { freePorts } from "../free-ports.ts";
import { ADMIN } from "../limani-process.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { HaOperator } from "./operator.ts";
import { type HaWorld, type HaWorldOpts, openHaWorld, type ReplicaPlace, type Sections } from "./world.ts";

/** See the head of this file. */
export interface ControlledWorld extends AsyncDisposable {
	readonly world: HaWorld;
	readonly operator: HaOperator;
}

/** How to make one. */
export interface ControlledWorldOpts extends Omit<HaWorldOpts, "config"> {
	/** What the operator hands over first, beside the administrator. */
	readonly resources: readonly Omit<DesiredResource, "generation">[];
	/** Sections of the configuration. */
	readonly config: (place: ReplicaPlace) => Sections;
}

const TOKEN = "a-token-of-the-operator-for-this-test";

/** Makes a world whose replicas are ready; undefined where a part is missing, and the test is skipped. */
export const openControlledWorld = async (
	t: TestContext,
	{ resources, config, ...opts }: ControlledWorldOpts,
): Promise<ControlledWorld | undefined> => {
	const directory = temporaryDirectory(t);
	const tokenFile = join(directory, "token");
	writeFileSync(tokenFile, TOKEN);
	const port = await freePorts(opts.replicas ?? 3);
	const authority = createAuthority();
	await using opening = new AsyncDisposableStack();
	const sections = (index: number, place: ReplicaPlace): Sections => {
		const { cert, key } = authority.issue(place.host);
		const [certFile, keyFile] = [join(directory, `${index}.crt`), join(directory, `${index}.key`)];
		writeFileSync(certFile, cert);
		writeFileSync(keyFile, key, { mode: 0o600 });
		return {
			control: { listen: `${place.host}:${port + index}`, tokenFile, certFile, keyFile },
			resources: undefined,
			...config(place),
		};
	};
	const world = await openHaWorld(t, { ...opts, config: sections });
	if (world === undefined) return undefined;
	opening.use(world);
	const urls = world.replicas.map(({ host }, index) => `https://${host}:${port + index}`);
	const operator = opening.use(new HaOperator(urls, { token: TOKEN, ca: authority.ca }));
	const { user: name, password } = ADMIN;
	const spec = { name, passwordHash: await hashPassword(password), admin: true };
	await operator.apply([...resources, { kind: "User", uid: "user", spec }]);
	const opened = opening.move();
	return { world, operator, [Symbol.asyncDispose]: () => opened.disposeAsync() };
};
