/** Escape first leaves the field that is being edited, then closes the panel. */
export function escapeFieldFirst(event: Event): void {
  const focused = document.activeElement
  if (!(focused instanceof HTMLElement)) return
  if (focused.matches('[data-inline-editor] :is(input, textarea, select)')) event.preventDefault()
  else if (focused.matches('textarea')) {
    event.preventDefault()
    focused.blur()
  }
}
