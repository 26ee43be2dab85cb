import type { Handler } from "../../world.ts";
import { access } from "./access.ts";
import { clusters } from "./clusters.ts";
import { updates } from "./updates.ts";
import { versions } from "./versions.ts";

/** Elastic Kubernetes Service. */
export const eks: Readonly<Record<string, Handler>> = { ...clusters, ...access, ...updates, ...versions };
