// Generated from the definition beside it. Do not edit.

/**
 * A machine's identity in a registry: what it may do, and a Secret with its credential.
 */
export interface RobotAccount {
	apiVersion: "limani.dev/v1alpha1";
	kind: "RobotAccount";
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
		 * The Registry that the robot is in
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
		 * What the robot may do
		 */
		permissions?: {
			/**
			 * Name of the project in the Registry (its projectName), or a glob over names; a glob finds those that may be named
			 */
			project: string;
			/**
			 * Names or globs of repositories, without the project before them; default: all
			 */
			repositories?: string[];
			/**
			 * What the robot may do there
			 */
			actions: ("pull" | "push" | "delete")[];
		}[];
		/**
		 * When the robot ceases to work; default: never
		 */
		expirationTime?: string;
		/**
		 * When the robot gets a new credential
		 */
		rotation?: {
			/**
			 * How old a credential gets, such as 30d; 1m or more; default: only replaced when that is asked for
			 */
			interval?: string;
			/**
			 * How long the previous credential still works, so that nobody fails
			 */
			gracePeriod?: string;
		};
		/**
		 * Where the credential is kept
		 */
		secret?: {
			/**
			 * Name of the Secret; default: metadata.name
			 */
			name?: string;
			/**
			 * DockerConfigJson: for pulling images (.dockerconfigjson); Basic: username and password; Opaque: username, password, registry; None: there is none, for a robot with trust
			 */
			type?: "DockerConfigJson" | "Basic" | "Opaque" | "None";
			/**
			 * Labels of the Secret and its copies
			 */
			labels?: {
				[k: string]: string;
			};
			/**
			 * Annotations of the Secret and its copies
			 */
			annotations?: {
				[k: string]: string;
			};
			/**
			 * Other namespaces that get a copy: of those selected, the ones that accept it by the label limani.dev/accept-from
			 */
			copyTo?: {
				/**
				 * Which namespaces, by their labels; empty: all
				 */
				namespaceSelector: {
					/**
					 * Labels that must be there, with these values
					 */
					matchLabels?: {
						[k: string]: string;
					};
					/**
					 * What must be true of the labels, each of it
					 */
					matchExpressions?: {
						/**
						 * Key of the label
						 */
						key: string;
						/**
						 * How the label's value relates to the values
						 */
						operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
						/**
						 * Values, for In and NotIn
						 */
						values?: string[];
					}[];
				};
			};
			/**
			 * Which service accounts name the Secret in imagePullSecrets
			 */
			attachTo?: {
				/**
				 * Names of service accounts that pull images with it, here and where there are copies
				 */
				serviceAccounts?: string[];
			};
		};
		/**
		 * Whose own tokens are as good as the credential, so that no Secret is needed; one of them is enough
		 */
		trust?: {
			/**
			 * Service accounts of the cluster that the Registry is in; its auth.serviceAccountTokens must be set
			 */
			serviceAccounts?: {
				/**
				 * Name of a service account; in a pattern, * is any run of characters and ? is one
				 */
				name: string;
				/**
				 * Its namespace; default: that of the robot. Another one must accept it by the label limani.dev/accept-from, unless the robot is in the Registry's own namespace, from where a pattern is possible, too
				 */
				namespace?: string;
			}[];
			/**
			 * Another issuer of tokens: the url of one of the Registry's auth.issuers
			 */
			issuer?: string;
			/**
			 * The audience that a token must have, one of those that the Registry accepts; default: any of those
			 */
			audience?: string;
			/**
			 * The sub of an issuer's tokens, such as repo:acme/web:ref:refs/heads/main; in a pattern, * is any run of characters and ? is one
			 */
			subject?: string;
			/**
			 * What else a token must say, all of it
			 */
			claims?: {
				/**
				 * Name of a claim, at the top of the token
				 */
				name: string;
				/**
				 * Its value, or one of its values; in a pattern, * is any run of characters and ? is one
				 */
				value: string;
			}[];
			/**
			 * How long a token that the registry issues lives at most, 1m or more; default: as the Registry says. None outlives the workload's
			 */
			tokenLifetime?: string;
		}[];
		/**
		 * Whether to leave the robot as it is, whatever is changed here
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
		 * What the robot logs in with
		 */
		fullName?: string;
		/**
		 * The Secret that holds the credential
		 */
		secretRef?: {
			/**
			 * Name of a Secret in the same namespace
			 */
			name: string;
		};
		/**
		 * When the present credential was made
		 */
		lastRotationTime?: string;
		/**
		 * When the next credential is due
		 */
		nextRotationTime?: string;
		/**
		 * When the previous credential ceases to work; absent: there is none
		 */
		previousCredentialRevokeTime?: string;
		/**
		 * When the robot ceases to work
		 */
		expirationTime?: string;
		/**
		 * How many other namespaces have a copy of the Secret
		 */
		copies?: number;
	};
}
