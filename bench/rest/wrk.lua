-- GET, or POST of WRK_BODY as JSON; WRK_UNIQUE=1 replaces @N@ in it by a running number. Prints one RESULT line.
local body = os.getenv("WRK_BODY") or ""
local unique = os.getenv("WRK_UNIQUE") == "1"
local base = tostring(os.time()) .. tostring({}):gsub("[^%w]", "")
local n = 0

if body ~= "" then
  wrk.method = "POST"
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  if not unique then return wrk.format() end
  n = n + 1
  return wrk.format(nil, nil, nil, (body:gsub("@N@", base .. n)))
end

function done(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  print(string.format('RESULT {"requests":%d,"duration_us":%d,"errors":%d,"p50":%d,"p99":%d}',
    summary.requests, summary.duration, errors, latency:percentile(50), latency:percentile(99)))
end
