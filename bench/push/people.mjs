// people.mjs WEBHOOK COUNT: makes a department of so many people through a running portal, and prints its number and
// that of its first member; the others follow.
const [hook, count] = [process.argv[2], Number(process.argv[3])]
const perBatch = 50

async function call(method, parameters) {
  const answer = await fetch(`${hook}${method}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(parameters) })
  const body = await answer.json()
  if (body.error) throw new Error(`${method}: ${body.error} ${body.error_description}`)
  return body.result
}

const top = (await call('department.get', { PARENT: 0 }))[0] ?? (await call('department.get', {}))[0]
const department = await call('department.add', { NAME: 'Readers', PARENT: top.ID })
const ids = []
for (let from = 0; from < count; from += perBatch) {
  const cmd = {}
  for (let i = from; i < Math.min(count, from + perBatch); ++i) {
    cmd[`u${i}`] = `user.add?EMAIL=reader${i}%40example.org&NAME=Reader&LAST_NAME=${i}&UF_DEPARTMENT[]=${department}`
  }
  const { result, result_error: errors } = await call('batch', { halt: 1, cmd })
  const first = Object.values(errors ?? {})[0]
  if (first) throw new Error(`user.add: ${first.error} ${first.error_description}`)
  ids.push(...Object.values(result).map(Number))
}
if (ids.some((id, i) => id !== ids[0] + i)) throw new Error('the numbers of the people do not follow each other')
console.log(`${department} ${ids[0]}`)
