import type { Place } from "./document.ts";
import type { ClusterConfig } from "./model.ts";

/** A place and the file that it is in, relative to the workspace. */
export interface SourcePlace extends Place {
  readonly file: string;
}

/** Where a field stands, by its path: exact, else the nearest enclosing one that stands in the file. */
export function placeOf(config: Pick<ClusterConfig, "fields">, path: string): SourcePlace | undefined {
  let wanted = path;
  for (;;) {
    const use = config.fields.find((field) => field.path === wanted);
    if (use !== undefined) return { file: use.file, ...use.place };
    const cut = Math.max(wanted.lastIndexOf("."), wanted.lastIndexOf("["));
    if (cut <= 0) return undefined;
    wanted = wanted.slice(0, cut);
  }
}
