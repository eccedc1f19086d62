import { z } from "zod";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { RegistryProblem } from "#/operator/registry/actuator.ts";

/** The volume claim of a storage class, as it was found, and what depends on it. */
export interface FoundClaim {
	/** Which field asks for it, for messages. */
	readonly field: string;
	readonly claimName: string;
	/** The labels that it has to have. */
	readonly labels: { readonly [label: string]: string };
	/** Absent: there is none. */
	readonly claim: KubeObject | undefined;
	/** Why it waits for its volume, and for no pod; absent: it does not. */
	readonly unbound: string | undefined;
	/** Whether projects or what they pushed are in it. */
	readonly isUsed: boolean;
	/** Whether pods have it now, or are to have it. */
	readonly isMounted: boolean;
	/** Whether one of them serves. */
	readonly isServing: boolean;
}

/** What becomes of it. */
export interface ClaimVerdict {
	readonly mount: boolean;
	/** Absent: all is well. */
	readonly problem: RegistryProblem | undefined;
}

const phaseSchema = z.object({ phase: z.string() });

/**
 * Whether pods are to have a claim. What a pod would wait for is not mounted; what a pod has is not taken from it for
 * something that ends by itself, as that would end the pod, and with it what is to be lost.
 */
export const judgeClaim = (found: FoundClaim): ClaimVerdict => {
	const { field, claimName, labels, claim, unbound, isUsed, isMounted, isServing } = found;
	const away = (mount: boolean, why: string, reason: RegistryProblem["reason"] = "StorageUnavailable") => ({
		mount,
		problem: { reason, message: `${field}: the PersistentVolumeClaim ${claimName} ${why}`, terminal: false },
	});
	if (claim === undefined) {
		if (!isUsed) return away(false, "was taken away just when it was made");
		const how = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
		return away(false, `is gone, and projects are in it: restore it with its content and the labels ${how.join(", ")}`);
	}
	if (Object.entries(labels).some(([label, value]) => claim.metadata.labels?.[label] !== value)) {
		return away(isMounted, "was not made for this class of this Registry, and is left alone", "NotOurs");
	}
	if (claim.metadata.deletionTimestamp !== undefined) {
		const lost = "is being deleted, and goes with what is in it when the pod that has it ends";
		return away(isMounted, isMounted ? `${lost}: move its projects to another class first` : "is being deleted");
	}
	if (phaseOf(claim) === "Lost") {
		// Who serves with it still reads what it can; nobody new can begin with it.
		return away(isMounted && isServing, "has lost its volume: restore its PersistentVolume");
	}
	return unbound === undefined ? { mount: true, problem: undefined } : away(false, unbound);
};

const phaseOf = ({ status }: KubeObject): string | undefined => {
	const parsed = phaseSchema.safeParse(status);
	return parsed.success ? parsed.data.phase : undefined;
};
