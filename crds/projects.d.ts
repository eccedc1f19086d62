// Generated from the definition beside it. Do not edit.

/**
 * A project of a registry: the tenant, with its repositories, members and quota.
 */
export interface Project {
	apiVersion: "limani.dev/v1alpha1";
	kind: "Project";
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
		 * The Registry that the project is in
		 */
		registryRef: {
			/**
			 * Name of the Registry
			 */
			name: string;
			/**
			 * Namespace of the Registry, which must allow this one by allowedNamespaces; default: this namespace
			 */
			namespace?: string;
		};
		/**
		 * Name of the project, which the names of its repositories begin with; cannot be changed; default: metadata.name
		 */
		projectName?: string;
		/**
		 * Who may pull: members, everybody who logs in, or everybody
		 */
		visibility?: "Private" | "Internal" | "Public";
		/**
		 * How much the project may hold; default: as much as there is room for
		 */
		quota?: {
			/**
			 * Bytes that its blobs and manifests may have in all, each blob counted once, such as 50Gi
			 */
			storage?: number | string;
		};
		/**
		 * Which of the Registry's spec.storageClasses keeps its blobs; default: spec.storage of the Registry. When it is changed, what is there moves while it is used
		 */
		storageClassName?: string;
		/**
		 * What can be undone; it counts as what the project holds until its time is over
		 */
		tagHistory?: {
			/**
			 * For how long deleted tags and artifacts, and former places of tags, can be restored; 0s: not at all
			 */
			window?: string;
		};
		/**
		 * Tags that, once they exist, can be neither moved nor deleted: those that one of the rules is about
		 */
		immutability?: {
			/**
			 * Repositories that the rule is about; default: all
			 */
			repositories?: {
				/**
				 * Globs of repositories, without the project before them, of which one must match; default: all
				 */
				matching?: string[];
				/**
				 * Globs of repositories, without the project before them, of which none may match
				 */
				excluding?: string[];
			};
			/**
			 * Tags that the rule is about; default: all
			 */
			tags?: {
				/**
				 * Globs of tags, of which one must match; default: all
				 */
				matching?: string[];
				/**
				 * Globs of tags, of which none may match
				 */
				excluding?: string[];
			};
		}[];
		/**
		 * Whether an index may name manifests that are not here
		 */
		sparseIndexes?: boolean;
		/**
		 * Who may do what in it, beside robots
		 */
		members?: {
			/**
			 * What the member is
			 */
			kind?: "User";
			/**
			 * Name of the member
			 */
			name: string;
			/**
			 * limitedGuest and guest pull, developer pushes too, maintainer and admin delete too
			 */
			role: "admin" | "maintainer" | "developer" | "guest" | "limitedGuest";
		}[];
		/**
		 * Who else may use the project; default: its own namespace and that of the Registry alone
		 */
		delegateTo?: {
			/**
			 * Namespaces whose RobotAccounts and policies may name the project
			 */
			namespaces?: string[];
		};
		/**
		 * What becomes of the repositories when the resource is deleted: they stay, or they go. Those that go come back when the project is applied again within its tagHistory.window, and are removed for good when that is over
		 */
		deletionPolicy?: "Orphan" | "Delete";
		/**
		 * Whether to leave the project as it is, whatever is changed here
		 */
		suspend?: boolean;
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
		 * Name of the project in the Registry, once it has it
		 */
		projectName?: string;
		/**
		 * What names of images in the project begin with: HOST/PROJECT
		 */
		url?: string;
		/**
		 * What the project holds, at most a few minutes ago
		 */
		usage?: {
			/**
			 * Bytes of blobs and manifests, each blob counted once
			 */
			bytes: number;
			/**
			 * Manifests, those in indexes too
			 */
			artifacts: number;
			/**
			 * Repositories
			 */
			repositories: number;
		};
		/**
		 * How far it is on its way to another storage class; absent: it is on none
		 */
		move?: {
			/**
			 * Storage class that the project goes to; default is spec.storage of the Registry
			 */
			to: string;
			/**
			 * Repositories of the project
			 */
			repositories: number;
			/**
			 * Those of them that are there
			 */
			moved: number;
			/**
			 * Blobs that were copied so far
			 */
			copiedBlobs: number;
			/**
			 * Bytes that they have
			 */
			copiedBytes: number;
		};
	};
}
