import { exitWith, runPost } from "@eks-actions/action";
import { takeBack } from "./post/take-back.ts";

await exitWith(runPost({ name: "auth", post: async (state, base) => takeBack(state, base) }));
