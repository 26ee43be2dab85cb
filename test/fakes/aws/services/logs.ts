import type { Handler } from "../world.ts";

export const logs: Readonly<Record<string, Handler>> = {};
