/** What the terms of a contract's details mean, in a line each; docs/metrics.md has the formulas. */
export const TERMS: readonly (readonly [string, string])[] = [
  ['Liquidity', 'Part of the score for turnover and depth'],
  ['Carry', 'Part of the score for funding and basis'],
  ['Structure', 'Part of the score for unusual volume and velocity'],
  ['Edges', 'Parts of the score for standing out among the contracts of the same cycle'],
  ['Cost', 'What spread and slippage take from the score'],
  ['z, 4/20/60 closes', 'Last close against the mean of the last 4, 20 or 60 closes, standard deviations'],
  ['RSI 14', 'Relative strength index over 14 closes, 0 to 100'],
  ['From VWAP', 'Last close against the volume-weighted average price, percent'],
  ['Depth decay', 'Share of the best five levels that went away since the cycle before'],
  ['Trade imbalance', 'Book imbalance weighted with unusual volume'],
  ['Queue position', 'Test notional over the notional at the best bid, at most 1'],
  ['Spoof unwinding', 'A wall of bids vanished within a cycle'],
  ['Passive absorption', 'Much volume on a balanced book, and no movement'],
  ['Pump, dump signature', 'Return, velocity and volume of a pump, or of a dump'],
];
