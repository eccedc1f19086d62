/** A user name and what is to prove it. */
export interface BasicCredentials {
	readonly name: string;
	readonly secret: string;
}

const SCHEME = /^basic +/i;

/** Whether an Authorization header is of the Basic scheme, however malformed. */
export const isBasic = (authorization: string): boolean => SCHEME.test(authorization);

/** The credentials in a Basic Authorization header, in UTF-8 (RFC 7617 §2); undefined when it is malformed. */
export const parseBasic = (authorization: string): BasicCredentials | undefined => {
	const encoded = authorization.replace(SCHEME, "").trim();
	if (!/^[A-Za-z0-9+/_-]+=*$/.test(encoded)) return undefined;
	const text = Buffer.from(encoded, "base64").toString();
	const colon = text.indexOf(":");
	return colon < 1 ? undefined : { name: text.slice(0, colon), secret: text.slice(colon + 1) };
};
