/** Who asks, and what they may do: everything of one registry that tells this, put together. */
import type { Identities } from "#/metadata/identities.ts";
import type { Projects } from "#/metadata/projects.ts";
import type { SigningKeys } from "#/metadata/signing-keys.ts";
import type { Access, Authenticator } from "./access.ts";
import { createAuthenticator } from "./authenticator.ts";
import { Credentials } from "./credentials.ts";
import { FailureThrottle } from "./failure-throttle.ts";
import { Keyring } from "./keyring.ts";
import type { MasterKey } from "./master-key.ts";
import { Passwords } from "./passwords.ts";
import { ProjectRulebook } from "./project-rulebook.ts";
import { RefreshTokens } from "./refresh-tokens.ts";
import { TokenAccess } from "./token-access.ts";
import { TokenService } from "./token-service.ts";
import { Tokens } from "./tokens.ts";
import { WorkloadLogins } from "./workload/workload-logins.ts";
import { type TrustedIssuer, WorkloadTokens } from "./workload/workload-tokens.ts";

/** What {@link openAuth} works with. */
export interface AuthDeps {
	readonly metadata: {
		readonly identities: Identities;
		readonly projects: Projects;
		readonly signingKeys: SigningKeys;
	};
	readonly masterKey: MasterKey;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	readonly randomBytes: (size: number) => Buffer;
	/** Whose tokens let workloads in. @defaultValue nobody's */
	readonly issuers?: readonly TrustedIssuer[] | undefined;
	/** Told when the signing keys could not be looked at in the background. */
	readonly onRefreshError: (error: unknown) => void;
}

/** Settings of {@link openAuth}. */
export interface AuthOpts {
	/** Who issues tokens: the registry's external URL. */
	readonly issuer: string;
	/** The registry's name as a token's audience, usually its host. */
	readonly service: string;
	/** How long a token lives, in seconds; at least 60. @defaultValue 300 */
	readonly tokenLifetimeS?: number;
	/** How long a refresh token lives, in milliseconds. @defaultValue 30 days */
	readonly refreshTokenLifetimeMs?: number;
	/** How long a signing key signs, in milliseconds. @defaultValue 30 days */
	readonly signingKeyLifetimeMs?: number;
	/** Whether user name and password are taken directly, besides tokens. @defaultValue true */
	readonly basic?: boolean;
	/** Whether Public projects may be pulled from without credentials. @defaultValue true */
	readonly anonymousPull?: boolean;
}

/** The auth of one registry. Dispose of it to stop its timer. */
export interface Auth extends Disposable {
	readonly authenticator: Authenticator;
	readonly tokenService: TokenService;
	readonly keyring: Keyring;
	/** What projects allow was changed by this process: it counts here at once, and elsewhere within 5 seconds. */
	forgetRules(): void;
}

const DEFAULT_TOKEN_LIFETIME_S = 300;

/** Puts the auth of one registry together. @throws MasterKeyError, MetadataError UNAVAILABLE */
export const openAuth = async (deps: AuthDeps, opts: AuthOpts): Promise<Auth> => {
	const { metadata, masterKey, now, randomBytes, onRefreshError } = deps;
	const { identities, projects, signingKeys } = metadata;
	const { issuer, service, tokenLifetimeS: lifetimeS = DEFAULT_TOKEN_LIFETIME_S } = opts;
	const keyring = await Keyring.open(
		{ signingKeys, masterKey, now, onRefreshError },
		{ tokenLifetimeMs: lifetimeS * 1000, signMs: opts.signingKeyLifetimeMs },
	);
	const rulebook = new ProjectRulebook({ projects, now }, opts);
	const throttle = new FailureThrottle({ now });
	const workloads = workloadsOf(deps);
	const credentials = new Credentials({
		identities,
		passwords: new Passwords(),
		throttle,
		workloads,
		now,
		randomBytes,
	});
	const tokens = new Tokens<Access>(
		{ keyring, now, randomBytes },
		{ issuer, service, lifetimeS },
		(facts) => new TokenAccess(facts, { rulebook, identities, now }),
	);
	const refreshTokens = new RefreshTokens(
		{ identities, now, randomBytes },
		{ service, lifetimeMs: opts.refreshTokenLifetimeMs },
	);
	return {
		authenticator: createAuthenticator({ credentials, rulebook, tokens }, opts),
		tokenService: new TokenService({ credentials, rulebook, tokens, refreshTokens }),
		keyring,
		forgetRules: () => rulebook.forget(),
		[Symbol.dispose]: () => keyring[Symbol.dispose](),
	};
};

/** Nodes of a cluster come from few addresses, each for all of its pods. */
const WORKLOAD_FAILURES = { burst: 200, networkBurst: 1_000 };

const workloadsOf = ({ issuers = [], metadata, now }: AuthDeps): WorkloadLogins | undefined => {
	if (issuers.length === 0) return undefined;
	const throttle = new FailureThrottle({ now }, WORKLOAD_FAILURES);
	const tokens = new WorkloadTokens(issuers, { now });
	return new WorkloadLogins({ identities: metadata.identities, tokens, throttle, now });
};
