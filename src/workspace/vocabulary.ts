/** An expression that fits where one of the patterns of a data file does. */
export function anyOf(patterns: readonly string[], flags = ''): RegExp {
  return new RegExp(patterns.join('|'), flags);
}

/** An expression that fits a text which one of the patterns of a data file describes from its start to its end. */
export function wholly(patterns: readonly string[], flags = ''): RegExp {
  return new RegExp(`^(?:${patterns.join('|')})$`, flags);
}
