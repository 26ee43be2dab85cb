import { exitWith, runAction } from "@eks-actions/action";
import { auth } from "./action.ts";

await exitWith(runAction(auth));
