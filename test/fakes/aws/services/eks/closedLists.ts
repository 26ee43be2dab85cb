/** The member of one of the SDK's closed lists (issue codes, update parameters); throws for text that is none of them. */
export function member<Value extends string>(list: Readonly<Record<string, Value>>, text: string): Value {
  const found = Object.values(list).find((value) => value === text);
  if (found === undefined) throw new Error(`${text} is none of ${Object.values(list).join(", ")}`);
  return found;
}
