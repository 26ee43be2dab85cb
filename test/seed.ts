// Property tests begin from one seed, so that a commit is red or green and not both. TEST_SEED=<integer> explores.
import fc from "fast-check";

const given = Number(process.env["TEST_SEED"]);
fc.configureGlobal({ seed: Number.isInteger(given) && process.env["TEST_SEED"] !== undefined ? given : 20261123 });
