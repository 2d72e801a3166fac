// Turns a failure into one plain sentence and the id to give to an administrator.
import { ApiError } from '@/api/http'
import { i18n } from '@/i18n'

export interface Plain {
  text: string
  requestId: string | null
}

const known: Record<string, string> = {
  network: 'error.network',
  bad_answer: 'error.server',
  http_503: 'error.busy',
  http_502: 'error.busy',
  http_429: 'error.busy',
  QUERY_LIMIT_EXCEEDED: 'error.busy',
  ACCESS_DENIED: 'error.denied',
  insufficient_scope: 'error.denied',
  NOT_FOUND: 'error.notFound',
  SIGNUP_CLOSED: 'signup.closed',
}

export function plain(error: unknown): Plain {
  const { t } = i18n.global
  if (!(error instanceof ApiError)) {
    console.error(error)
    return { text: t('error.unexpected'), requestId: null }
  }
  const key = known[error.code] ?? (error.status >= 500 ? 'error.server' : error.status === 0 ? 'error.network' : undefined)
  return { text: key ? t(key) : error.message || t('error.server'), requestId: error.requestId }
}
