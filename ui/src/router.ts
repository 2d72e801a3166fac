// One chunk per route. A card opened over a list keeps the same page component, so nothing reloads behind it.
import { ref, watchEffect } from 'vue'
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'
import { loadSession, session, signUpOpen } from './state/session'
import { i18n } from './i18n'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the title in the language files. */
    title?: string
    /** Shown without the frame, to people who are not signed in. */
    guest?: boolean
  }
}

/** The frame is not needed to sign in, so it is a chunk of its own. */
export const frame = () => import('./components/AppFrame.vue')
const deals = () => import('./pages/DealsPage.vue')
const tasks = () => import('./pages/TasksPage.vue')
const chat = () => import('./pages/ChatPage.vue')
const stream = () => import('./pages/StreamPage.vue')
const link = () => import('./pages/LinkPage.vue')

async function leaveWhenSignedIn(to: RouteLocationNormalized) {
  const signedIn = await loadSession().catch(() => null)
  return signedIn ? safeNext(to.query.next) : true
}

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/crm/deals' },
  {
    path: '/login',
    component: () => import('./pages/LoginPage.vue'),
    meta: { guest: true, title: 'login.title' },
    beforeEnter: leaveWhenSignedIn,
  },
  {
    path: '/signup',
    component: () => import('./pages/SignupPage.vue'),
    meta: { guest: true, title: 'signup.title' },
    beforeEnter: [leaveWhenSignedIn, () => signUpOpen.value || '/login'],
  },
  { path: '/link/:token', component: link, meta: { guest: true, title: 'link.title' } },
  { path: '/invite/:token', component: link, meta: { guest: true, title: 'link.title' } },
  { path: '/welcome', component: () => import('./pages/WelcomePage.vue'), meta: { title: 'welcome.title' } },
  { path: '/crm/deals', component: deals, meta: { title: 'deals.title' } },
  { path: '/crm/deals/list', component: deals, meta: { title: 'deals.title' } },
  { path: '/crm/deals/:id(\\d+)', component: deals, meta: { title: 'deals.title' } },
  { path: '/tasks', component: tasks, meta: { title: 'tasks.title' } },
  { path: '/tasks/new', component: tasks, meta: { title: 'tasks.new' } },
  { path: '/tasks/:id(\\d+)', component: tasks, meta: { title: 'tasks.title' } },
  { path: '/chat', component: chat, meta: { title: 'chat.title' } },
  { path: '/chat/:dialogId(\\d+|chat\\d+)', component: chat, meta: { title: 'chat.title' } },
  { path: '/stream', component: stream, meta: { title: 'stream.title' } },
  { path: '/stream/:id(\\d+)', component: stream, meta: { title: 'stream.title' } },
  { path: '/settings/webhooks', component: () => import('./pages/WebhooksPage.vue'), meta: { title: 'webhooks.title' } },
  {
    // No page of the interface: the server sent the browser to the login and waits for it to come back.
    path: '/oauth/:rest(.*)*',
    component: () => import('./pages/NotFoundPage.vue'),
    meta: { guest: true },
    beforeEnter: (to) => {
      location.assign(to.fullPath)
      return false
    },
  },
  { path: '/:rest(.*)*', component: () => import('./pages/NotFoundPage.vue'), meta: { title: 'notFound.title' } },
]

export const router = createRouter({ history: createWebHistory(), routes })

// The code of a screen is fetched while the session is, not after it.
router.beforeEach((to) => {
  if (!to.meta.guest) void frame().catch(() => undefined)
  for (const record of to.matched) {
    const component = record.components?.default as unknown
    if (typeof component === 'function') void (component as () => Promise<unknown>)().catch(() => undefined)
  }
})

router.beforeEach(async (to) => {
  if (to.meta.guest) return true
  const signedIn = session.value ?? (await loadSession())
  if (signedIn) return true
  return { path: '/login', query: to.fullPath === '/crm/deals' ? {} : { next: to.fullPath } }
})

/** How much is unread: shown before the title of the tab. */
export const attention = ref(0)
const pageTitle = ref(document.title)

router.afterEach((to) => {
  const title = to.meta.title ? i18n.global.t(to.meta.title) : ''
  pageTitle.value = [title, session.value?.account.name ?? 'Stoa'].filter(Boolean).join(' · ')
})
watchEffect(() => (document.title = attention.value ? `(${attention.value}) ${pageTitle.value}` : pageTitle.value))

/** Where to go after signing in: a path of this portal, never another site. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/'
}
