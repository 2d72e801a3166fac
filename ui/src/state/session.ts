// Who is signed in. Loaded once at start; every screen reads it from here.
import { computed, ref, shallowRef } from 'vue'
import { ApiError, onUnauthorized, setCsrf } from '@/api/http'
import { fetchSession, logout, type Session } from '@/api/session'
import { forgetWrites, replayWrites } from '@/api/rest'
import { setLanguage } from '@/i18n'
import { forgetDirectory } from './people'
import { forgetCrm } from './crm'

export const session = shallowRef<Session | null>(null)
/** Whether somebody who is not signed in may make a portal of their own; known after loadSession(). */
export const signUpOpen = ref(false)
export const me = computed(() => session.value?.user ?? null)
export const account = computed(() => session.value?.account ?? null)

let loading: Promise<Session | null> | undefined

/** The session, asked for once; null when nobody is signed in. */
export function loadSession(force = false): Promise<Session | null> {
  if (force) loading = undefined
  loading ??= fetchSession()
    .then(async (fresh) => {
      setCsrf(fresh.csrf)
      session.value = fresh
      await setLanguage(fresh.user.language)
      void replayWrites()
      return fresh
    })
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 401) {
        session.value = null
        signUpOpen.value = (error.body as { selfSignup?: boolean } | null)?.selfSignup === true
        return null
      }
      loading = undefined
      throw error
    })
  return loading
}

export async function signOut(): Promise<void> {
  await logout()
  forgetWrites()
  location.assign('/login')
}

onUnauthorized(() => {
  if (!session.value) return
  session.value = null
  loading = undefined
  forgetDirectory()
  forgetCrm()
  const here = location.pathname + location.search
  location.assign(`/login?next=${encodeURIComponent(here)}`)
})
