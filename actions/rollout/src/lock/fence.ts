import type { KubeClient } from "@eks-actions/kube";
import type { Lock } from "./held-lock.ts";

/**
 * A client that writes only while the lock is certainly held. A run that was frozen, or cut off for as long as its
 * lease lasts, renews the lock first, and finds out if another run has it by now.
 */
export function fenced(kube: KubeClient, lock: Pick<Lock, "confirm">): KubeClient {
  async function whileHeld<T>(signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      const expiry = await lock.confirm(signal);
      try {
        return await send(signal === undefined ? expiry : AbortSignal.any([signal, expiry]));
      } catch (error) {
        if (!expiry.aborted || signal?.aborted === true) throw error;
      }
    }
  }
  return {
    ...kube,
    apply: (object, options, signal) =>
      options.dryRun === true
        ? kube.apply(object, options, signal)
        : whileHeld(signal, (both) => kube.apply(object, options, both)),
    create: (object, options = {}) =>
      whileHeld(options.signal, (signal) => kube.create(object, { ...options, signal })),
    update: (object, options = {}) =>
      whileHeld(options.signal, (signal) => kube.update(object, { ...options, signal })),
    patch: (ref, options) => whileHeld(options.signal, (signal) => kube.patch(ref, { ...options, signal })),
    delete: (ref, options = {}) => whileHeld(options.signal, (signal) => kube.delete(ref, { ...options, signal })),
  };
}
