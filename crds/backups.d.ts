// Generated from the definition beside it. Do not edit.

/**
 * One backup of a Registry, made once, and what came of it.
 */
export interface Backup {
	apiVersion: "limani.dev/v1alpha1";
	kind: "Backup";
	metadata: {
		name: string;
		namespace?: string;
		labels?: {[key: string]: string};
		annotations?: {[key: string]: string};
		[field: string]: unknown;
	};
	/**
	 * What is wanted; written by its owners, never by the operator
	 */
	spec: {
		/**
		 * The Registry that is backed up: one of the same namespace
		 */
		registryRef: {
			/**
			 * Name of the Registry
			 */
			name: string;
		};
	};
	/**
	 * What was observed; written by the operator
	 */
	status?: {
		/**
		 * The metadata.generation that was last acted upon; -1: none yet
		 */
		observedGeneration?: number;
		/**
		 * What is true of it; Ready is the one to wait for, Reconciling and Stalled are there only while True
		 */
		conditions?: {
			/**
			 * What it is about
			 */
			type: string;
			/**
			 * Whether it is so
			 */
			status: "True" | "False" | "Unknown";
			/**
			 * The metadata.generation that it is about
			 */
			observedGeneration: number;
			/**
			 * When status last changed
			 */
			lastTransitionTime: string;
			/**
			 * Why, as one word of a closed list
			 */
			reason: string;
			/**
			 * Why, for people
			 */
			message: string;
		}[];
		/**
		 * The value of the annotation limani.dev/requestedAt that was last acted upon
		 */
		lastHandledRequestedAt?: string;
		/**
		 * When it began; absent: it has not yet
		 */
		startedAt?: string;
		/**
		 * When it ended, whatever it came to; absent: it has not yet
		 */
		stoppedAt?: string;
		/**
		 * What the archive calls it; there once it is whole
		 */
		backupId?: string;
		/**
		 * A digest of the place that it is in: a restore by this Backup needs a Registry that still names it
		 */
		archiveDigest?: string;
		/**
		 * The instant that it restores; there once it is whole
		 */
		recoveryPoint?: string;
		/**
		 * Which process of the registry made it, or tried to
		 */
		instance?: string;
		/**
		 * What was copied into the archive
		 */
		copied?: {
			/**
			 * Blobs that the archive did not have yet
			 */
			blobs: number;
			/**
			 * Bytes of those
			 */
			bytes: number;
		};
		/**
		 * Blobs whose digest was compared again in the archive
		 */
		verified?: number;
		/**
		 * Why it failed; absent: it did not
		 */
		error?: string;
	};
}
