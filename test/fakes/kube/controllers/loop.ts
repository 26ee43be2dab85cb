import type { StoreEvent } from "../store.ts";
import type { World } from "../world.ts";

export interface Controller {
  readonly name: string;
  /** The keys to look at again after a change. */
  keysFor(event: StoreEvent): Iterable<string>;
  /** Moves the world one step; a number asks to be called again after so many milliseconds. */
  reconcile(key: string): number | undefined;
}

export interface Loop {
  enqueue(controller: string, key: string): void;
  stop(): void;
}

// A controller that never settles must not freeze the process: it is reported, and others get their turn.
const maxStepsInARow = 3000;

/** Runs controllers whenever the store changes, until nothing is left to do at this moment of the clock. */
export function startLoop(world: World, controllers: readonly Controller[], onError: (message: string) => void): Loop {
  const queue = new Map<string, { readonly controller: Controller; readonly key: string }>();
  const timers = new Map<string, { readonly at: number; readonly abort: AbortController }>();
  let isScheduled = false;
  let isStopped = false;

  const add = (controller: Controller, key: string) => {
    queue.set(`${controller.name}\n${key}`, { controller, key });
    if (isScheduled || isStopped) return;
    isScheduled = true;
    queueMicrotask(drain);
  };

  const step = (id: string, controller: Controller, key: string) => {
    queue.delete(id);
    try {
      const after = controller.reconcile(key);
      if (after !== undefined) later(id, controller, key, after);
    } catch (error) {
      const message = error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error);
      onError(`STANDIN_CONTROLLER: ${controller.name} ${key}: ${message}`);
    }
  };

  function later(id: string, controller: Controller, key: string, wait: number) {
    // On real time the moment may have passed while the controller was still reckoning.
    const ms = Math.max(0, wait);
    const at = world.now() + ms;
    const known = timers.get(id);
    if (known !== undefined && known.at <= at) return;
    known?.abort.abort();
    const abort = new AbortController();
    timers.set(id, { at, abort });
    world.clock.sleep(ms, abort.signal).then(
      () => {
        if (timers.get(id)?.abort === abort) timers.delete(id);
        if (!isStopped) add(controller, key);
      },
      () => undefined,
    );
  }

  function drain() {
    let steps = 0;
    while (queue.size > 0 && !isStopped) {
      for (const [id, { controller, key }] of [...queue]) {
        if (queue.has(id)) step(id, controller, key);
        steps += 1;
      }
      if (steps < maxStepsInARow) continue;
      const busy = [...new Set([...queue.values()].map(({ controller, key }) => `${controller.name} ${key}`))];
      onError(`STANDIN_CONTROLLER: no end after ${steps} steps: ${busy.slice(0, 5).join(", ")}`);
      setTimeout(drain, 20);
      return;
    }
    isScheduled = false;
  }

  const unsubscribe = world.store.subscribe((event) => {
    for (const controller of controllers) for (const key of controller.keysFor(event)) add(controller, key);
  });
  return {
    enqueue(name, key) {
      const controller = controllers.find((one) => one.name === name);
      if (controller !== undefined) add(controller, key);
    },
    stop() {
      isStopped = true;
      unsubscribe();
      for (const { abort } of timers.values()) abort.abort();
      timers.clear();
    },
  };
}
