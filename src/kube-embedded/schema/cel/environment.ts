import { Environment } from "@marcbachmann/cel-js";
import { addAddressFunctions } from "./address-functions.ts";
import { addListFunctions } from "./list-functions.ts";
import { addQuantityFunctions } from "./quantity-functions.ts";
import { addStringFunctions } from "./string-functions.ts";
import { addUrlFunctions } from "./url-functions.ts";

/**
 * A CEL environment with the functions that Kubernetes adds and the variables `self` and `oldSelf`.
 *
 * @param oldSelf how `oldSelf` is given: `optional` for rules that say optionalOldSelf
 */
export const kubernetesEnvironment = (oldSelf: "dyn" | "optional"): Environment => {
	const env = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
	addListFunctions(env);
	addStringFunctions(env);
	addAddressFunctions(env);
	addUrlFunctions(env);
	addQuantityFunctions(env);
	return env.registerVariable("self", "dyn").registerVariable("oldSelf", oldSelf);
};
