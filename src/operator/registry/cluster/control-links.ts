import { RemoteControl } from "#/control/remote-control.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import type { ControlIdentity } from "./control-identity.ts";
import { PORTS } from "./names.ts";
import { controlHosts } from "./own-secrets.ts";

interface Link {
	readonly token: string;
	readonly ca: string;
	readonly control: RemoteControl;
}

/** The connections to the control ports of registries, by their uids: the same one as long as its credentials are. */
export class ControlLinks implements Disposable {
	readonly #links = new Map<string, Link>();

	/** The connection to a registry's control port. */
	open(registry: RegistryRef, { token, ca }: ControlIdentity): RemoteControl {
		const present = this.#links.get(registry.uid);
		if (present?.token === token && present.ca === ca) return present.control;
		present?.control[Symbol.dispose]();
		const [host] = controlHosts(registry);
		const control = new RemoteControl({ url: `https://${host}:${PORTS.control}`, token, ca });
		this.#links.set(registry.uid, { token, ca, control });
		return control;
	}

	/** Closes the connection, if there is one. */
	close(uid: string): void {
		this.#links.get(uid)?.control[Symbol.dispose]();
		this.#links.delete(uid);
	}

	[Symbol.dispose](): void {
		for (const uid of [...this.#links.keys()]) this.close(uid);
	}
}
