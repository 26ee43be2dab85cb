import { ActionError, toActionError } from "@eks-actions/action";
import { nameOf } from "@eks-actions/manifest";
import type { Phase } from "../lock/record.ts";
import { settle } from "../lock/settle.ts";
import type { Outcome } from "../outcome.ts";
import { type Diagnosis, lastWords } from "../report/diagnosis.ts";
import { applySetId } from "../set/set.ts";
import { nextHistory, type Rollout } from "../write/rollout.ts";
import { cancelled } from "./cancelled.ts";
import { revert, revertFailed } from "./revert.ts";

// The runner kills the process 10 s after the cancel; the report needs some of that.
const CANCEL_WRITE_MS = 1_500;

/** A rollout did not work: show why, then go back if the state before was healthy, else stay. */
export async function handleFailure(rollout: Rollout, thrown: unknown, cancel: AbortSignal): Promise<Outcome> {
  const { plan, ports, state, lock, signal, created } = rollout;
  if (cancel.aborted) return await handleCancel(rollout);
  const error = withWords(toActionError(thrown), state.diagnosis);
  if (lock.lost.aborted) return await giveWay(rollout);
  show(rollout, error);
  if (lock.record.phase === "pruning" || lock.record.phase === "done") return await goOn(rollout, error, cancel);
  const way = plan.inputs.onFailure;
  const { snapshot } = plan;
  const canRevert =
    way === "revert" && snapshot.healthy && plan.state.inventory !== undefined && lock.record.snapshot !== undefined;
  if (!canRevert) return await stay(rollout, error, cancel);
  const applySet = applySetId(plan.state.app, plan.state.namespace);
  try {
    await lock.write({ phase: "reverting" }, signal);
    const result = await ports.log.group(
      "Revert",
      async () => await revert({ snapshot, created, applySet }, rollout.view, plan.inputs, ports, signal),
    );
    if (result.gate.failure !== undefined)
      throw revertFailed(plan.state.app, error, `${result.gate.failure.why}: ${result.gate.failure.message}`);
    state.happened(`revision ${lock.record.revision - 1} is back and healthy`);
    const dropped = lock.record.snapshot === undefined ? [] : [lock.record.snapshot];
    await settle(lock, { outcome: "reverted", history: lock.record.history, dropped }, plan.state, ports, signal);
    ports.saveState({ finished: "true" });
    await state.deployment?.say("failure", `${error.code}, reverted: ${error.message}`);
    return state.end("reverted", error, lock);
  } catch (second) {
    if (cancel.aborted) return await handleCancel(rollout);
    if (lock.lost.aborted) return await giveWay(rollout);
    const fault =
      second instanceof ActionError && second.code === "REVERT_FAILED"
        ? second
        : revertFailed(plan.state.app, error, toActionError(second).message, second);
    ports.log.annotate({
      level: "error",
      title: fault.code,
      message: fault.message,
      file: fault.file,
      line: fault.line,
    });
    await settle(lock, { outcome: "revert-failed", ...keptSnapshots(rollout) }, plan.state, ports, signal);
    ports.saveState({ finished: "true" });
    await state.deployment?.say("failure", fault.message);
    return state.end("failed", fault, lock);
  }
}

async function stay(rollout: Rollout, error: ActionError, cancel: AbortSignal): Promise<Outcome> {
  const { plan, ports, state, lock, signal } = rollout;
  const reason =
    plan.inputs.onFailure !== "revert"
      ? `on-failure is ${plan.inputs.onFailure}`
      : plan.state.inventory === undefined
        ? "a first rollout has nothing to go back to"
        : "the state before was not healthy either";
  state.happened(`stays as it is: ${reason}`);
  const { snapshot, history } = lock.record;
  const isDropped = plan.inputs.onFailure === "none" && snapshot !== undefined;
  const kept = isDropped ? { history, dropped: [snapshot] } : keptSnapshots(rollout);
  try {
    await settle(lock, { outcome: "held", ...kept }, plan.state, ports, signal);
  } catch (thrown) {
    if (!cancel.aborted) throw thrown;
    return await handleCancel(rollout);
  }
  ports.saveState({ finished: "true" });
  await state.deployment?.say("failure", `${error.code}: ${error.message}`);
  return state.end("held", error, lock);
}

/** Another run has the lock: whatever else went wrong, that one decides now what becomes of the app. */
async function giveWay({ state, lock }: Rollout): Promise<Outcome> {
  const error = toActionError(lock.lost.reason);
  await state.deployment?.say("error", error.message);
  return state.end("failed", error, lock);
}

/** All was healthy when it failed, so it is not taken back; what was not pruned, the next run prunes. */
async function goOn({ plan, ports, state, lock, signal }: Rollout, error: ActionError, cancel: AbortSignal) {
  const kept = nextHistory(lock.record, plan.inputs.historyMax);
  try {
    await settle(lock, { outcome: "unfinished", ...kept }, plan.state, ports, signal);
    ports.saveState({ finished: "true" });
  } catch (thrown) {
    // The lock stays, and the record with it: the post step goes on from there.
    if (!cancel.aborted) ports.log.info(`the lock is not free yet: ${toActionError(thrown).message}`);
  }
  state.happened("what is live is healthy and stays");
  await state.deployment?.say("error", error.message);
  return state.end("failed", error, lock);
}

/** The snapshot of a failed rollout stays for `mode: revert`. */
function keptSnapshots({ lock, plan }: Rollout) {
  return nextHistory(lock.record, Math.max(1, plan.inputs.historyMax));
}

// Before the first write of an object there is nothing to take back, and after the gate nothing that should be.
const NEEDS_NO_ABORT: ReadonlySet<Phase> = new Set(["planned", "reverting", "pruning", "done"]);

/** One write says what state is left; post, or the next run, puts it in order. */
async function handleCancel({ ports, state, lock }: Rollout): Promise<Outcome> {
  const written = lock.record.phase;
  const limit = AbortSignal.timeout(CANCEL_WRITE_MS);
  try {
    if (written === "done") await lock.release({}, limit);
    else await lock.write({ phase: NEEDS_NO_ABORT.has(written) ? written : "aborting" }, limit);
  } catch (error) {
    ports.log.debug(
      `the lock could not be told of the cancel: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const said = state.deployment?.say("error", `cancelled while ${written}`);
  await Promise.race([said, ports.clock.sleep(CANCEL_WRITE_MS)]);
  state.happened(`cancelled while ${written}`);
  return state.end("cancelled", cancelled(`it was ${written}`), lock);
}

/** The error shows before the revert starts, with the events and the last words of the pods. */
function show({ ports, state, plan }: Rollout, error: ActionError): void {
  const { log } = ports;
  for (const fault of error.all()) {
    log.annotate({
      level: "error",
      title: fault.code,
      message: fault.hint === undefined ? fault.message : `${fault.message} → ${fault.hint}`,
      file: fault.file,
      line: fault.line,
    });
  }
  state.isShown = true;
  const { diagnosis } = state;
  if (diagnosis === undefined) return;
  if (diagnosis.events.length > 0) {
    log.info("Events:");
    log.untrusted(
      diagnosis.events.map(
        (event) =>
          `  ${event.object}: ${event.reason}${event.count > 1 ? ` (${event.count} times)` : ""}: ${event.message}`,
      ),
    );
  }
  for (const excerpt of diagnosis.logs) {
    log.info(
      `Log of ${nameOf({ kind: "Pod", name: excerpt.pod })}, container ${excerpt.container}${excerpt.previous ? ", before its last restart" : ""}:`,
    );
    log.untrusted(excerpt.lines.map((line) => `  ${line}`));
  }
  if (diagnosis.events.length + diagnosis.logs.length === 0)
    log.info(`${plan.state.app}: no events or logs of the pods to blame`);
}

const HAS_WORDS = new Set(["CRASH_LOOP", "OOM_KILLED", "INIT_FAILED", "JOB_FAILED", "PROBE_FAILING"]);

function withWords(error: ActionError, diagnosis: Diagnosis | undefined): ActionError {
  const words = diagnosis === undefined || !HAS_WORDS.has(error.code) ? undefined : lastWords(diagnosis);
  if (words === undefined) return error;
  return new ActionError(error.code, {
    message: `${error.message}; last line: ${words.slice(0, 200)}`,
    hint: error.hint,
    file: error.file,
    line: error.line,
    cause: error,
  });
}
