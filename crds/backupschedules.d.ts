// Generated from the definition beside it. Do not edit.

/**
 * When Backups of a Registry are made.
 */
export interface BackupSchedule {
	apiVersion: "limani.dev/v1alpha1";
	kind: "BackupSchedule";
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
		/**
		 * When a Backup is made, as five fields of cron in UTC, such as 0 3 * * *
		 */
		schedule: string;
		/**
		 * Whether to make no Backup, whatever the schedule and annotations say; those that are there stay
		 */
		suspend?: boolean;
		/**
		 * Whether to make one at once as well, when the schedule is made
		 */
		immediate?: boolean;
		/**
		 * With what the Backups that it made are deleted; None: they stay, and the archive has them in any case
		 */
		backupOwnerReference?: "None" | "Self" | "Registry";
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
		 * For which time of the schedule a Backup was made last
		 */
		lastScheduleTime?: string;
		/**
		 * For which time the next one is made; absent while suspended
		 */
		nextScheduleTime?: string;
		/**
		 * The newest Backup that it made and that is still there
		 */
		lastBackup?: {
			/**
			 * Name of the Backup
			 */
			name: string;
			/**
			 * What it came to
			 */
			outcome: "Running" | "Succeeded" | "Failed";
			/**
			 * The instant that it restores; there once it is whole
			 */
			recoveryPoint?: string;
		};
	};
}
