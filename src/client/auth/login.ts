/** What is shown to a registry, or to its token service. */
export type Login =
	| { readonly kind: "basic"; readonly username: string; readonly password: string }
	/** Good for access tokens at the token service alone (distribution's "oauth2" token flow). */
	| { readonly kind: "refreshToken"; readonly token: string };

/** Where the login at one registry comes from: the one port behind which the ways of the clouds are. */
export interface LoginSource {
	/** @throws RemoteError */
	login(signal: AbortSignal): Promise<Login>;
	/** To be called when a login was refused: another one is made where that can be. @returns whether it can */
	forget(login: Login): boolean;
}

/** A login that stays as it is. */
export const fixedLogin = (login: Login): LoginSource => ({
	login: () => Promise.resolve(login),
	forget: () => false,
});

/** The header that shows a name and a password (RFC 7617, in UTF-8). */
export const formatBasic = ({ username, password }: { readonly username: string; readonly password: string }): string =>
	`Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
