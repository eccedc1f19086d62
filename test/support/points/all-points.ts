import { deliveryPoints } from "./delivery-points.ts";
import { machineryPoints } from "./machinery-points.ts";
import type { Point } from "./point.ts";
import { reconcilePoints } from "./reconcile-points.ts";
import { schemaPoints } from "./schema-points.ts";

/** All points, with what proves them. */
export const ALL_POINTS: readonly Point[] = [
	...schemaPoints,
	...reconcilePoints,
	...machineryPoints,
	...deliveryPoints,
];
