// Passkeys: ask the server for a challenge, let the browser sign it, send the answer as an ordinary form.
// A form with data-passkey="create" or "get" stays hidden where the browser cannot do it.

const SAID_NO = "No passkey was used. Try again, or choose another way.";

function bytes(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  const signs = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(signs).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const named = (one) => ({ ...one, id: bytes(one.id) });

function opened(options) {
  const made = { ...options, challenge: bytes(options.challenge) };
  if (made.user) made.user = { ...made.user, id: bytes(made.user.id) };
  if (made.allowCredentials) made.allowCredentials = made.allowCredentials.map(named);
  if (made.excludeCredentials) made.excludeCredentials = made.excludeCredentials.map(named);
  return made;
}

function written(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

async function use(form) {
  const asked = await fetch(form.dataset.begin, {
    method: "POST",
    headers: { "X-CSRF-Token": form.elements.csrf.value, "Content-Type": "application/x-www-form-urlencoded" },
    body: "",
  });
  if (asked.redirected) {
    window.location.assign(asked.url); // show first that it is you
    return;
  }
  if (!asked.ok) throw new Error("refused");
  const publicKey = opened(await asked.json());
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
  form.elements.credential.value = written(credential);
  form.submit();
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[data-passkey-problem]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      try {
        await use(form);
      } catch {
        problem.textContent = SAID_NO;
        problem.hidden = false;
      }
    });
  }
}
