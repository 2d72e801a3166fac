// Starting, pinning and looking at processes. Linux only: reads /proc.
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

export const serverCore = '0'
export const clientCore = process.env.CLIENT_CORE ?? '1'
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']).toString())

export async function freePort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

export async function until(what, probe, limitMs = 20_000) {
  const deadline = Date.now() + limitMs
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
    } catch { /* not yet */ }
    if (Date.now() > deadline) throw new Error(`timed out: ${what}`)
    await new Promise((done) => setTimeout(done, 2))
  }
}

const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** Runs a command on one core (or anywhere when core is ''). */
export function start(core, command, args) {
  const line = core === '' ? [command, ...args] : ['taskset', '-c', core, command, ...args]
  const child = spawn(line[0], line.slice(1), { stdio: 'ignore' })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

export async function stop(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  child.kill(signal)
  await gone
}

/** CPU seconds of a process so far, its threads included; of its children too when asked. */
export function cpuSeconds(pid, withChildren = false) {
  let sum = 0
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  sum += (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  if (withChildren) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    for (const child of children ? children.split(' ') : []) sum += cpuSeconds(Number(child), true)
  }
  return sum
}

export function residentMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

const wrkScript = new URL('wrk.lua', import.meta.url).pathname

/** One run of wrk; what it did and what the server spent on it. */
export function wrk({ url, pid, connections = 64, seconds = 3, body = '', unique = false, children = false, server }) {
  const before = cpuSeconds(pid, children)
  const out = execFileSync(
    'taskset',
    ['-c', server === '' ? '0,1' : clientCore, 'wrk', `-t1`, `-c${connections}`, `-d${seconds}s`, '--latency', '-s', wrkScript, url],
    { env: { ...process.env, WRK_BODY: body, WRK_UNIQUE: unique ? '1' : '' } },
  ).toString()
  const spent = cpuSeconds(pid, children) - before
  const numbers = JSON.parse(/^RESULT (.*)$/m.exec(out)[1])
  if (numbers.errors > 0) throw new Error(`${numbers.errors} of ${numbers.requests} answers of ${url} are errors`)
  return { perSecond: numbers.requests / (numbers.duration_us / 1e6), cpuUs: (spent / numbers.requests) * 1e6, p50: numbers.p50 / 1000, p99: numbers.p99 / 1000 }
}

/** Best of several: the one with the least CPU per request. */
export function best(runs, measure) {
  const all = Array.from({ length: runs }, measure)
  return all.reduce((a, b) => (b.cpuUs < a.cpuUs ? b : a))
}
