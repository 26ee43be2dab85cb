import { ActionError, collect } from "@eks-actions/action/error";
import { groupOf, type ObjectRef, refOf } from "./object.ts";
import type { SourcedObject } from "./parse.ts";

/** One word for an object whatever version of its kind is used: `apps/Deployment shop/web`. */
export function identityOf(ref: ObjectRef): string {
  const group = groupOf(ref.apiVersion);
  return `${group === "" ? "" : `${group}/`}${ref.kind} ${ref.namespace ?? ""}/${ref.name}`;
}

/** How people name an object: `Deployment web`. */
export function nameOf(ref: { readonly kind: string; readonly name: string }): string {
  return `${ref.kind} ${ref.name}`;
}

/**
 * The same object twice would make the order of files decide. Call it once namespaces are set.
 * @throws ActionError `OBJECT_DUPLICATE` with both places
 */
export function refuseDuplicates(objects: readonly SourcedObject[]): void {
  const seen = new Map<string, SourcedObject>();
  const faults: ActionError[] = [];
  for (const sourced of objects) {
    const ref = refOf(sourced.object);
    const identity = identityOf(ref);
    const first = seen.get(identity);
    if (first === undefined) {
      seen.set(identity, sourced);
      continue;
    }
    const { file, line } = sourced.source;
    faults.push(
      new ActionError("OBJECT_DUPLICATE", {
        message: `${file}:${line}: ${nameOf(ref)} stands already at ${first.source.file}:${first.source.line}`,
        hint: "remove one of the two",
        file,
        line,
      }),
    );
  }
  const fault = collect(faults);
  if (fault !== undefined) throw fault;
}
