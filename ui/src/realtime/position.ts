// A message's place in its stream, "epoch-number". Within an epoch numbers grow; another epoch is another stream.

const parse = (mid: string): [epoch: string, number: number] => {
  const dash = mid.indexOf('-')
  return [mid.slice(0, dash), Number(mid.slice(dash + 1))]
}

/** Whether what is at `mid` was heard already by somebody who has heard everything up to `last`. */
export function heardBefore(mid: string, last: string): boolean {
  if (!last) return false
  const [epoch, number] = parse(mid)
  const [lastEpoch, lastNumber] = parse(last)
  return epoch === lastEpoch && number <= lastNumber
}
