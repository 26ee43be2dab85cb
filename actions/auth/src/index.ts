import { exitWith, runAction } from "@eks-actions/action";
import { apply, undo } from "./apply.ts";
import { inputs, readInputs } from "./inputs.ts";
import { observe } from "./observe.ts";
import { describe, isPlanOnly, plan } from "./plan.ts";
import { realPorts as ports } from "./ports.ts";
import { report } from "./report.ts";

const action = { name: "auth", inputs, readInputs, ports, observe, plan, describe, isPlanOnly, apply, report, undo };

await exitWith(runAction(action));
