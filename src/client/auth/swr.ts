import { createHmac } from "node:crypto";
import type { Login } from "./login.ts";

const HOST = /^swr\.([a-z0-9-]+)\.[a-z0-9.-]+$/;

/**
 * The long-term login at a registry of Huawei's for an access key and its secret key: the region goes before the access
 * key, and what is shown is an HMAC of it. A name that has a region already comes with a password that is shown as it is.
 *
 * @see https://support.huaweicloud.com/intl/en-us/usermanual-swr/swr_01_1000.html
 */
export const swrLogin = (
	host: string,
	{ username, password }: { readonly username: string; readonly password: string },
): Login => {
	const region = HOST.exec(host)?.[1];
	if (username.includes("@") || region === undefined) return { kind: "basic", username, password };
	const key = createHmac("sha256", password).update(username).digest("hex");
	return { kind: "basic", username: `${region}@${username}`, password: key };
};
