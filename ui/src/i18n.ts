// Texts in English, German and Russian; a language is loaded when it is first needed.
import { createI18n } from 'vue-i18n'
import { ref, shallowRef } from 'vue'
import type { Locale as UiLocale, Messages } from '@nuxt/ui'
import en from './locales/en.json'
import type { Language } from './api/session'

export const languages: { code: Language; label: string }[] = [
  { code: 'en', label: 'English' },
  { code: 'de', label: 'Deutsch' },
  { code: 'ru', label: 'Русский' },
]

const texts: Record<Exclude<Language, 'en'>, () => Promise<{ default: unknown }>> = {
  de: () => import('./locales/de.json'),
  ru: () => import('./locales/ru.json'),
}

// Widgets have their own texts ("Close", "No data"), kept by the library.
const widgetTexts: Record<Language, () => Promise<{ default: unknown }>> = {
  en: () => import('@nuxt/ui/runtime/locale/en.js'),
  de: () => import('@nuxt/ui/runtime/locale/de.js'),
  ru: () => import('@nuxt/ui/runtime/locale/ru.js'),
}

/** 1 день, 2 дня, 5 дней: forms are ordered one | few | many. */
function russianPlural(count: number, choices: number): number {
  const ten = count % 10
  const hundred = count % 100
  const form = ten === 1 && hundred !== 11 ? 0 : ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14) ? 1 : 2
  return Math.min(form, choices - 1)
}

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<string, typeof en>,
  pluralRules: { ru: russianPlural },
  missingWarn: false,
  fallbackWarn: false,
})

export const language = ref<Language>('en')
export const uiLocale = shallowRef<UiLocale<Messages>>()

const storageKey = 'stoa.language'
const isLanguage = (code: string): code is Language => languages.some((known) => known.code === code)

/** What the reader chose before, else what the browser asks for. */
export function guessLanguage(): Language {
  const candidates = [localStorage.getItem(storageKey) ?? '', ...navigator.languages]
  return candidates.map((candidate) => candidate.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en'
}

export async function setLanguage(code: string): Promise<void> {
  const wanted = isLanguage(code) ? code : 'en'
  if (wanted !== 'en' && !i18n.global.availableLocales.includes(wanted)) {
    i18n.global.setLocaleMessage(wanted, (await texts[wanted]()).default as typeof en)
  }
  uiLocale.value = (await widgetTexts[wanted]()).default as UiLocale<Messages>
  i18n.global.locale.value = wanted
  language.value = wanted
  localStorage.setItem(storageKey, wanted)
  document.documentElement.lang = wanted
}
