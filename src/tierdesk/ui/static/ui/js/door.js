// The pages around signing in: the cursor goes where writing begins.
const first = document.querySelector('[aria-invalid="true"], input:not([type=hidden]):not([type=checkbox])');
if (first instanceof HTMLInputElement && first.closest("main")) first.focus();
