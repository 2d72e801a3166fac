// How long to wait before the next try: at random over a range that doubles, so that the clients of a server that died
// do not come back all at once.
const leastMs = 200
const firstMs = 1_000
const mostMs = 30_000

export function backoff(failures: number): number {
  const range = Math.min(mostMs, firstMs * 2 ** failures)
  return leastMs + Math.random() * (range - leastMs)
}
