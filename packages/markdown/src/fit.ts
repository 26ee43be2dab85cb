/** A piece of a comment. Pieces without `drop` always stay. */
export interface Part {
  readonly id: string;
  readonly markdown: string;
  /** Pieces with the lowest number go first; among equals the later one. */
  readonly drop?: number | undefined;
  /** Takes the piece's place when it goes; counts as part of the body. */
  readonly instead?: string | undefined;
}

export interface BodyBudget {
  /** UTF-16 units. GitHub refuses more than 65,536. */
  readonly units: number;
  /** UTF-8 bytes. */
  readonly bytes: number;
}

export interface FittedBody {
  readonly body: string;
  /** Ids of the pieces that went. */
  readonly dropped: readonly string[];
  /** False when even the pieces that must stay are too long. */
  readonly fits: boolean;
}

/** What GitHub takes with room for a proxy's own marks; 200,000 bytes is where 422 answers were seen in the field. */
export const COMMENT_BUDGET: BodyBudget = { units: 60_000, bytes: 200_000 };

/** Joins pieces by a blank line, leaving out droppable ones in order until the body fits. */
export function fitBody(parts: readonly Part[], budget: BodyBudget = COMMENT_BUDGET): FittedBody {
  const gone = new Set<Part>();
  const order = parts
    .map((part, index) => ({ part, index }))
    .filter(({ part }) => part.drop !== undefined)
    .sort((a, b) => (a.part.drop ?? 0) - (b.part.drop ?? 0) || b.index - a.index);
  let body = join(parts, gone);
  for (const { part } of order) {
    if (isWithin(body, budget)) break;
    gone.add(part);
    body = join(parts, gone);
  }
  return {
    body,
    dropped: parts.filter((part) => gone.has(part)).map((part) => part.id),
    fits: isWithin(body, budget),
  };
}

export function isWithin(body: string, budget: BodyBudget): boolean {
  return body.length <= budget.units && utf8Length(body) <= budget.bytes;
}

function join(parts: readonly Part[], gone: ReadonlySet<Part>): string {
  return `${parts
    .map((part) => (gone.has(part) ? (part.instead ?? "") : part.markdown))
    .filter((markdown) => markdown !== "")
    .join("\n\n")}\n`;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
