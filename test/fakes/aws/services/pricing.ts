import type { Handler } from "../world.ts";

export const pricing: Readonly<Record<string, Handler>> = {};
