import type { Handler } from "../world.ts";

export const serviceQuotas: Readonly<Record<string, Handler>> = {};
